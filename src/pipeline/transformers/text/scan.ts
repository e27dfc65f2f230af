/** Something found in the text of one block: its place, in UTF-16 code units from the text's beginning. */
export interface Match {
  readonly from: number
  readonly to: number
  /** Which pattern it is, by the number that the scan was given for it. */
  readonly pattern: number
}

/** The text that has come and not gone on yet, and the one character before it. */
export interface TextWindow {
  slice(from: number, to: number): string
}

/** Finds patterns in one text that comes in pieces. What it finds does not depend on where the text is cut. */
export interface TextScan {
  /**
   * Reads on: `text` stands at `at`. Matches are added in order; none overlaps another of the same scan.
   *
   * @returns the place before which nothing more will be found to begin
   */
  read(text: string, at: number, window: TextWindow, found: Match[]): number
  /** The text has ended at `at`: what is still undecided is decided. */
  end(at: number, window: TextWindow, found: Match[]): void
}
