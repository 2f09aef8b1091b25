// Saving as one goes: the whole list with the version it began from, one request at a time.

const RESTING = 500; // ms after a change

export class Saver extends EventTarget {
  #wanted = null;
  #timer;
  #isSending = false;

  #address;

  /** `address` is where the hints are read. */
  constructor(version, address) {
    super();
    this.version = version;
    this.#address = address;
    addEventListener("pagehide", () => this.#wanted && this.#send(true));
  }

  /** Whether something is still to be saved. */
  get isBusy() {
    return this.#wanted !== null;
  }

  /** Save now what is to be saved soon. */
  hurry() {
    this.#send();
  }

  /** Keep hints on the server, soon. */
  save(hints) {
    this.#wanted = hints;
    clearTimeout(this.#timer);
    this.#tell("saving");
    this.#timer = setTimeout(() => this.#send(), RESTING);
  }

  /** Fetch what the server has now, to go on from there. */
  async load() {
    this.#wanted = null;
    const { version, hints } = await this.#fetchHints();
    this.version = version;
    this.#tell("saved");
    return hints;
  }

  /** Look whether another window has saved others meanwhile, if there is nothing to save here. */
  async look() {
    if (this.#wanted) return;
    const there = await this.#fetchHints().catch(() => null);
    if (!there?.hints || this.#wanted) return; // The photo may be gone.
    if (there.version !== this.version) this.#tell("conflict");
  }

  /** Keep these hints though others were saved meanwhile. */
  async insist(hints) {
    this.version = (await this.#fetchHints()).version;
    this.save(hints);
  }

  async #fetchHints() {
    const response = await fetch(this.#address, { cache: "no-store" });
    return response.json();
  }

  #tell(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  async #send(keepalive = false) {
    clearTimeout(this.#timer);
    if (this.#isSending && !keepalive) return;
    this.#isSending = true;
    const hints = this.#wanted;
    const response = await this.#put(hints, keepalive).catch(() => null);
    this.#isSending = false;
    if (response?.ok) {
      this.version = (await response.json()).version;
      if (this.#wanted && this.#wanted !== hints) return this.#send();
      this.#wanted = null;
      this.#tell("saved");
    } else if (response?.status === 409 || response?.status === 412) {
      this.#tell("conflict");
    } else if (response && response.status < 500) {
      this.#wanted = null; // Trying again would not help.
      this.#tell("refused");
    } else {
      this.#tell("unsaved");
    }
  }

  #put(hints, keepalive) {
    const body = new FormData();
    body.set("csrf_token", document.querySelector("input[name=csrf_token]").value);
    body.set("hints", JSON.stringify({ hints }));
    body.set("version", this.version);
    const headers = { Accept: "application/json" };
    return fetch(location.pathname, { method: "POST", body, headers, keepalive });
  }
}
