// The page's side of the worker: a question, and a promise of its answer.

export class Engine {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #waiting = new Map();
  #asked = 0;

  /** Whether the worker knows the photo: it never does where only the server knows its colours. */
  isReady = false;

  constructor() {
    this.#worker.addEventListener("message", ({ data: { number, result } }) => {
      this.#waiting.get(number)(result);
      this.#waiting.delete(number);
    });
  }

  /** Ask one of the worker's handlers; `moved` are buffers that go over for good. */
  ask(name, values, moved = []) {
    const number = this.#asked++;
    this.#worker.postMessage({ number, name, values }, moved);
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }
}
