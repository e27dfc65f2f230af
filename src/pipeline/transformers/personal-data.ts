import type { PatternOptions } from './text/pattern-scan.ts'

/**
 * Kinds of data that are taken out of texts. Each is a shape: what has the shape is taken, whatever it means. `longest`
 * counts one character more where the shape looks at what follows it.
 */
export const personalData = {
  /** `joe.doe+news@mail.example.com`, ASCII only; a local part of 64 characters, 254 in all (RFC 5321). */
  email: {
    pattern: /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/,
    longest: 255,
    begins: /[A-Za-z0-9._%+-]/,
    within: /[A-Za-z0-9._%+@-]/,
    needs: '@',
  },
  /** 13 to 19 digits, or four groups of four, or 4-6-5, with a good check digit (ISO/IEC 7812, Luhn). */
  'credit-card': {
    pattern: /(?<![\d.])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5}|\d{13,19})(?!\d)/,
    longest: 20,
    begins: /\d/,
    within: /[\d -]/,
    accept: hasGoodCheckDigit,
  },
  /** Keys with the marks of their makers: OpenAI, Anthropic, GitHub, GitLab, Slack, AWS, Google, Hugging Face. */
  'api-key': {
    pattern:
      /(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{16,200}|gh[pousr]_[A-Za-z0-9]{36,200}|github_pat_[A-Za-z0-9_]{22,200}|glpat-[A-Za-z0-9_-]{20,200}|xox[abeprs]-[A-Za-z0-9-]{10,200}|A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z0-9]{30,200})/,
    longest: 211,
    begins: /[sgxAh]/,
    within: /[A-Za-z0-9_-]/,
  },
  /** `192.0.2.1`: four numbers up to 255. */
  ipv4: {
    pattern: /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)/,
    longest: 17,
    begins: /\d/,
    within: /[\d.]/,
    needs: '.',
  },
  /** `+14155552671`: a plus sign and 8 to 15 digits (ITU-T E.164), with spaces, dots or dashes between. */
  phone: {
    pattern: /(?<![\d+])\+[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)/,
    longest: 45,
    begins: /\+/,
    within: /[\d+ .()-]/,
  },
  /** `123-45-6789`, without the numbers that are never given out. */
  'us-ssn': {
    pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\d-])/,
    longest: 12,
    begins: /\d/,
    within: /[\d -]/,
  },
} as const satisfies Record<string, PatternOptions>

export type PersonalData = keyof typeof personalData

function hasGoodCheckDigit(text: string): boolean {
  let sum = 0
  let double = false
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) continue
    const value = double ? digit * 2 : digit
    sum += value > 9 ? value - 9 : value
    double = !double
  }
  return sum % 10 === 0
}
