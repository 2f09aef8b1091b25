/** Fill the `{name}` places of a translated sentence. */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Let screen readers say a sentence. */
export function say(sentence) {
  document.getElementById("said").textContent = sentence;
}
