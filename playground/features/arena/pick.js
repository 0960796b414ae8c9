/* Who takes part in the arena. Payload of the list: playground/features/arena/view.py, `schedulers`. The value goes to Python as it is. */
import {lastFrame, subscribe} from '../../ui/lib/bus.js';
import {fixed, thousands} from '../../ui/lib/format.js';
import {visible} from '../../ui/lib/live.js';
import {download} from '../../ui/lib/saving.js';
import {base64, UNREADABLE} from '../../ui/lib/sending.js';
import {say as sentence} from '../../ui/lib/ways.js';

const NUMBERS = [3, 5, 8, 10, 15, 20, 30, 50, 100];
const MOST = 20 * 2 ** 20;
const TRYING = 'Every scheduler of diffusers is being tried with an exact denoiser, to see which are right for this noise schedule: some 20 seconds, once.';

const toggleIn = (set, item) => () => { if (set.has(item)) set.delete(item); else set.add(item); };

function tooltip(entry) {
  const lines = [`diffusers.${entry.name}`, `told of the noise as ${entry.convention}`, `its own time grid: ${entry.grid === 'its own' ? 'none of those in the list' : entry.grid}`];
  lines.push(entry.noise ? 'draws fresh noise on the way' : 'deterministic: the same noise gives the same sample');
  if (entry.ours) lines.push(`the same method as our own ${entry.ours}`);
  if (entry.distance != null) lines.push(`with an exact denoiser it is ${fixed(entry.distance, 4)} from the truth (energy distance)`);
  return lines.join('. ') + '.';
}

export function mount({element, props, server, watch}) {
  const $ = selector => element.querySelector(selector);
  const chips = $('.arena-chips'), numbers = $('.arena-numbers'), message = $('.arena-message'), file = $('input[type=file]');
  let list = null, listed = null, asking = null;
  let {folder = null, about = null} = props.value;            // an opened folder, and what is in it: kept while the section is away
  const picked = new Set(props.value.schedulers), counts = new Set(props.value.evaluations);

  /* The schedule of the model that the tab shows; before there is one, that of the form's default. */
  const schedule = () => (lastFrame(props.tab)?.config?.schedule) || 'cosine';

  function store() {
    const order = list ? list.in.map(entry => entry.name) : props.some;
    props.value = {schedulers: order.filter(name => picked.has(name)), evaluations: [...counts].sort((a, b) => a - b), folder, about};
  }

  function say(text, bad = false) {
    sentence(message, text);
    message.classList.toggle('arena-bad', bad);
  }

  function chip(text, title, on, toggle) {
    const node = document.createElement('button');
    node.type = 'button';
    node.className = 'arena-chip';
    node.textContent = text;
    node.title = title;
    node.setAttribute('aria-pressed', String(on));
    node.addEventListener('click', () => { toggle(); store(); draw(); });
    return node;
  }

  function draw() {
    const entries = list ? list.in : props.some.map(name => ({name, title: name.replace('Scheduler', ''), convention: '…'}));
    const focus = document.activeElement && chips.contains(document.activeElement) ? [...chips.children].indexOf(document.activeElement) : -1;
    chips.replaceChildren(...entries.map(entry => {
      const node = chip(entry.title, list ? tooltip(entry) : entry.name, picked.has(entry.name), toggleIn(picked, entry.name));
      node.dataset.name = entry.name;
      if (entry.noise) { const dots = document.createElement('i'); dots.textContent = ' …'; node.append(dots); }
      return node;
    }));
    if (focus >= 0 && chips.children[focus]) chips.children[focus].focus();
    const which = document.activeElement && numbers.contains(document.activeElement) ? [...numbers.children].indexOf(document.activeElement) : -1;
    numbers.replaceChildren(...NUMBERS.map(n => chip(String(n), `${n} evaluations for each sample`, counts.has(n), toggleIn(counts, n))));
    if (which >= 0) numbers.children[which].focus();
    $('.pg-note').textContent = list ? `${list.in.length} of ${list.in.length + list.out.length} schedulers of diffusers ${list.version} fit` : '';
    $('.arena-model').textContent = about ? about : 'the model of this tab, with its newest weights';
    $('[data-do=above]').hidden = !folder;
    $('.arena-out summary').textContent = list ? `Left out: ${list.out.length}, with the reason for each` : 'Left out';
    $('.arena-out dl').replaceChildren(...(list ? list.out : []).flatMap(entry => {
      const term = document.createElement('dt'), why = document.createElement('dd');
      term.textContent = entry.title;
      why.textContent = entry.reason;
      return [term, why];
    }));
  }

  /* The list for the model's schedule: found once by the server, by trial. */
  async function find() {
    const wanted = schedule();
    if (asking || listed === wanted || !visible(element)) return;
    asking = wanted;
    if (!list && !message.textContent) say(TRYING);
    let answer;
    try { answer = await server.arena_schedulers(wanted); } catch { answer = null; }
    asking = null;
    if (message.textContent === TRYING) say('');                    // whatever else was said meanwhile, to a button, stays
    if (!answer || answer.error) { if (!message.textContent) say(answer ? answer.error : 'The server did not answer.', true); return; }
    [list, listed] = [answer, wanted];
    store();
    draw();
    find();
  }

  async function open(chosen) {
    if (!chosen) return;
    if (chosen.size > MOST) { say(`This file has ${Math.round(chosen.size / 2 ** 20)} MB: up to 20 MB are opened here.`, true); return; }
    say(`Opening ${chosen.name} …`);
    const read = await base64(chosen);
    if (read === null) { say(UNREADABLE, true); return; }
    let answer;
    try { answer = await server.arena_open(read); } catch { answer = null; }
    if (!answer || answer.error) { say(answer ? answer.error : 'The server did not answer.', true); return; }
    folder = answer.folder;
    about = `${chosen.name}: UNet2DModel, ${answer.shape.join(' × ')}, ${thousands(answer.n_parameters)} parameters, predicts ${answer.prediction}`
      + (answer.dataset ? `, trained on ${answer.dataset}` : '');
    say('Press Run the arena: it will run the folder\'s model.');
    store();
    draw();
  }

  async function save() {
    const frame = lastFrame(props.tab);
    if (!frame) { say('There is no model to save yet: press Train at the top first.', true); return; }
    say('Writing the folder …');
    let file, refusal = 'The server did not answer.';
    try {
      const answer = await fetch(`runs/${frame.run}/diffusers.zip`);
      if (answer.ok) file = await answer.blob(); else refusal = (await answer.json()).error;
    } catch { /* said below */ }
    if (!file) { say(refusal, true); return; }
    download('diffusion_model.zip', file);
    say('Saved as diffusion_model.zip: unpack it; its README says how DiffusionPipeline.from_pretrained loads it, and how to draw.');
  }

  element.addEventListener('click', event => {
    const node = event.target.closest('button');
    if (!node) return;
    if (node.dataset.pick) {
      const all = list ? list.in.map(entry => entry.name) : props.some;
      picked.clear();
      (node.dataset.pick === 'all' ? all : node.dataset.pick === 'some' ? props.some : []).forEach(name => picked.add(name));
      store();
      draw();
    } else if (node.dataset.do === 'open') file.click();
    else if (node.dataset.do === 'save') save();
    else if (node.dataset.do === 'above') { folder = about = null; say(''); store(); draw(); }
  });
  file.addEventListener('change', () => { open(file.files[0]); file.value = ''; });

  draw();
  watch('value', store);                                      // Gradio writes the first value again when the section first opens
  subscribe(props.tab, () => setTimeout(find, 0));
  new IntersectionObserver(find, {rootMargin: '50px'}).observe(element);
}
