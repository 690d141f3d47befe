/** A word with its length before it: no two rows of such words give the same text, whatever the words hold. */
export function word(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`;
}
