// The tab: loads the report page's own styles and scripts, then asks how far the work is and shows what there is.

const LOOK = 1000; // milliseconds between two questions while there is work, and ten times that otherwise
const at = (path) => new URL(path, import.meta.url).href;

function load(tag, attributes) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = done;
    element.onerror = () => failed(new Error(`cannot load ${attributes.src || attributes.href}`));
    document.head.append(element);
  });
}

async function answer(path) {
  const response = await fetch(at(path));
  if (!response.ok) throw new Error(`TensorBoard answered ${response.status}`);
  return response;
}

export async function render() {
  const { styles, scripts } = await (await answer("./assets")).json();
  for (const name of styles) await load("link", { rel: "stylesheet", href: at(`./assets/${name}`) });
  for (const name of scripts) await load("script", { src: at(`./assets/${name}`) });
  const { make, enhance } = LRDoctor;
  const root = make("div", { id: "lrdoctor" });
  const progress = make("p", { class: "progress soft", role: "status" });
  const note = make("p", { class: "note", hidden: "" });
  const body = make("div");
  root.append(progress, note, body);
  document.body.append(root);
  document.documentElement.lang = "en";
  root.addEventListener("click", follow);
  const state = { json: async () => (await answer("./report")).text() };
  let version = 0;

  async function look() {
    const known = await (await answer("./status")).json();
    progress.textContent = said(known);
    note.textContent = known.note;
    note.hidden = !known.note;
    if (known.version !== version) {
      version = known.version;
      show(await (await answer("./body")).text());
    }
    return known.busy;
  }

  function show(html) {
    const open = new Map([...body.querySelectorAll("details")].map((details) => [place(details), details.open]));
    const top = document.documentElement.scrollTop;
    body.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    for (const details of body.querySelectorAll("details")) details.open = open.get(place(details)) ?? details.open;
    enhance(body, state);
    document.documentElement.scrollTop = top;
  }

  /** Links within the page: the frame's base is another address, so the browser would leave the page. */
  function follow(event) {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    const target = document.getElementById(link.getAttribute("href").slice(1));
    const around = target?.closest("details");
    if (around) around.open = true;
    target?.scrollIntoView();
  }

  /** Which of all details it is, by the run it belongs to rather than by its number. */
  function place(details) {
    const section = details.closest("section");
    const all = [...section.querySelectorAll("details")];
    return `${section.querySelector("h2").textContent} ${details.dataset.code || details.id} ${all.indexOf(details)}`;
  }

  function said(known) {
    if (known.error) return `The last look at the logs failed: ${known.error}`;
    if (!known.done) return known.version ? "" : "Looking for logs";
    const count = `${known.done} ${known.done === 1 ? "run" : "runs"}`;
    return `Reading the logs: ${count} so far${known.current ? `, ${known.current}` : ""}`;
  }

  for (;;) {
    let busy = false;
    if (document.visibilityState === "visible" && document.documentElement.clientWidth) { // and not behind another tab
      try {
        busy = await look();
      } catch (error) {
        progress.textContent = `TensorBoard does not answer: ${error.message}`;
      }
    }
    await new Promise((done) => setTimeout(done, busy ? LOOK : 10 * LOOK));
  }
}
