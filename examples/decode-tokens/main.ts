/** Token ids become text as they come, and no piece of it is half a character. */
import { countText, estimateText, loadVocabulary, TokenDecoder } from 'sluice/tokens'

// The ids of "Hello world, 漢字 🦜!" in o200k. Some of these tokens end inside a character.
const ids = [13225, 2375, 11, 82867, 95, 8134, 9552, 99, 250, 0]

const decoder = await TokenDecoder.open('o200k_base')
let text = ''
for (const id of ids) {
  const piece = decoder.decodeToken(id)
  text += piece
  console.log(`${id}`.padStart(6), piece === '' ? '(waits for the rest of a character)' : JSON.stringify(piece))
}
// A stream that was cut inside a character shows U+FFFD here, and this one nothing.
text += decoder.flush()
console.log(`\n${text}\n${decoder.tokens} tokens, ${decoder.characters} characters`)

// The other way: how many tokens a text is, exactly, or guessed without any vocabulary.
console.log(`counted: ${await countText(text)}, guessed: ${estimateText(text).toFixed(1)}`)

// Any table of ranks will do: of another model, or the known ones with other marks.
const { ranks } = await loadVocabulary('o200k_base')
const harmony = new TokenDecoder({ name: 'o200k_harmony', ranks, specials: { '<|start|>': 200006 } })
console.log(harmony.decodeTokens([200006, 13225]))
