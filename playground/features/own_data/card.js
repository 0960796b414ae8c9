/* The dialog of own data: files go to the server as they are, a drawing as its dabs, images of the Hub by their name; what comes back is looked at, and then used. */
import {hear, tell} from '../../ui/lib/bus.js';
import {isEncoded, keepOnly, own, remember} from '../../ui/lib/own_data.js';
import {fixed} from '../../ui/lib/format.js';
import * as forms from '../../ui/lib/forms.js';
import {openTab, shownTab} from '../../ui/lib/going.js';
import {send} from '../../ui/lib/sending.js';
import {collected, framed} from './files.js';
import {paper} from './paper.js';

const NO_ANSWER = 'The server did not answer. Please try again.';
const WAYS = {files: 'Read again', draw: 'Draw points from it', hub: 'Read from the Hub'};
const EMPTY = {repository: 'owner/name', subset: 'the default one', split: 'train', image: 'found by type'};
const size = bytes => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} kB` : `${fixed(bytes / 2 ** 20, 1)} MB`);

export function mount({element, props, server}) {
  const dialog = element.querySelector('dialog'), $ = selector => dialog.querySelector(selector), act = name => $(`[data-do="${name}"]`);
  const message = $('.own-message'), progress = $('.own-progress'), found = $('.own-found');
  let files = [], way = 'files', answer = null, tab = 'ae', sending = null, opener = null;

  const say = (text, bad) => { message.textContent = text; message.classList.toggle('own-bad', Boolean(bad)); };
  const takesPoints = () => tab === 'diffusion';

  /* --- how images are made alike ------------------------------------------------------------------------------------ */
  const chosen = drawn(props.fields, 'files', () => { if (way === 'files' && files.length) make(); else anew(); });
  const asked = drawn(props.hub, 'hub', anew), ready = () => (way === 'files' ? files.length > 0 : way === 'hub' ? Boolean(asked.repository.trim()) : !sheet.empty());
  function drawn(fields, where, changed) {
    const values = Object.fromEntries(fields.map(field => [field.name, field.default]));
    for (const field of fields) {
      const label = document.createElement('label'), input = document.createElement(field.options.length ? 'select' : 'input');
      label.append(field.label, ' ', input);
      label.title = field.help;
      input.name = field.name;
      if (input instanceof HTMLSelectElement) input.append(...field.options.map(([title, value]) => new Option(title, value)));
      else [input.maxLength, input.placeholder] = [where === 'hub' ? 240 : 60, EMPTY[field.name] || ''];
      input.value = field.default;
      input.addEventListener('input', () => { values[field.name] = input.value; act('make').disabled = !progress.hidden || !ready(); });
      input.addEventListener('keyup', event => { if (event instanceof KeyboardEvent && event.key === 'Enter' && way === 'hub' && ready()) make(); });
      input.addEventListener('change', () => { values[field.name] = input.value; changed(); });
      $(`[data-fields="${where}"]`).append(label);
    }
    return values;
  }

  /* --- files -------------------------------------------------------------------------------------------------------- */
  function take(list) {
    if (!list.length) { say('There is no file in it.', true); return; }
    const bytes = list.reduce((sum, [, file]) => sum + file.size, 0);
    files = bytes > props.most ? [] : list;
    forget();
    if (!files.length) { say(`These files have ${size(bytes)}: up to ${size(props.most)} are taken at a time. Bring fewer, or smaller copies.`, true); return; }
    make();
  }
  const drop = $('.own-drop');
  for (const name of ['files', 'folder']) {
    const input = $(`[data-input="${name}"]`);
    act(name).addEventListener('click', () => input.click());
    input.addEventListener('change', () => { take([...input.files].map(file => [file.webkitRelativePath || file.name, file])); input.value = ''; });
  }
  ['dragenter', 'dragover'].forEach(name => dialog.addEventListener(name, event => { event.preventDefault(); drop.classList.add('own-over'); }));
  dialog.addEventListener('dragleave', event => { if (event.target === dialog || !dialog.contains(event.relatedTarget)) drop.classList.remove('own-over'); });
  dialog.addEventListener('drop', async event => {
    event.preventDefault();
    drop.classList.remove('own-over');
    if (way === 'files') take(await collected(event.dataTransfer));
  });

  /* --- to the server and back ----------------------------------------------------------------------------------------- */
  async function make() {
    sending?.abort();
    forget();
    const mine = sending = new AbortController();
    busy(true);
    let got;
    if (way === 'files') {
      say(`Sending ${files.length === 1 ? files[0][0].split('/').pop() : `${files.length} files`} …`);
      const url = new URL(props.address, document.baseURI);
      Object.entries(chosen).forEach(([name, value]) => url.searchParams.set(name, value));
      got = await send(url, framed(files), mine.signal, done => {
        progress.value = done;
        if (done === 1) { progress.removeAttribute('value'); say('Reading …'); }
      });
    } else if (way === 'hub') {
      say('Reading from the Hub: large pictures take a minute …');
      try { got = await server.own_hub({...chosen, ...asked}); } catch { got = null; }
    } else {
      say('Drawing points from it …');
      try { got = await server.own_draw(sheet.drawing()); } catch { got = null; }
    }
    if (mine.signal.aborted) return;
    busy(false);
    got = got || {error: NO_ANSWER};
    if (got.error) { say(got.error, true); return; }
    answer = got;
    show();
  }
  function busy(on) {
    progress.hidden = !on;
    progress.removeAttribute('value');
    act('make').disabled = on || !ready();
  }
  function anew() {
    sending?.abort();
    forget();
    busy(false);
  }
  function forget() {
    answer = null;
    found.hidden = true;
    act('use').disabled = true;
    say('');
  }
  function show() {
    const unfit = !isEncoded(answer.name) && !takesPoints();
    found.hidden = false;
    $('.own-name').textContent = answer.title;
    $('.own-about').textContent = `${answer.description}${answer.classes.length > 1 ? ` Classes: ${answer.classes.slice(0, 12).join(', ')}${answer.classes.length > 12 ? ', …' : ''}.` : ''}`;
    $('.own-left').replaceChildren(...(answer.left_out || []).map(line => Object.assign(document.createElement('li'), {textContent: line})));
    const image = found.querySelector('img');
    image.src = new URL(`sheets/own/${answer.name}.webp`, document.baseURI).href;
    image.alt = `Examples of ${answer.title}`;
    act('use').disabled = false;
    act('use').textContent = unfit ? 'Use it on the diffusion tab' : 'Use it';
    say('');
    found.scrollIntoView({block: 'nearest'});
    act('use').focus();
  }
  function use() {
    remember(answer);
    const form = isEncoded(answer.name) ? tab : 'diffusion';
    const name = answer.name;
    dialog.close();
    if (form === 'diffusion') forms.type(form, 'diffuse_in', 'data');
    forms.type(form, 'dataset', name);
    if (form !== tab) openTab(form);
  }

  /* --- the dialog ----------------------------------------------------------------------------------------------------- */
  const sheet = paper(dialog, () => { if (way === 'draw') { if (answer) forget(); act('make').disabled = sheet.empty(); } });
  function choose(name) {
    way = name;
    anew();
    dialog.querySelectorAll('[data-way]').forEach(button => button.setAttribute('aria-pressed', String(button.dataset.way === way)));
    dialog.querySelectorAll('[data-part]').forEach(part => { part.hidden = part.dataset.part !== way; });
    $('[data-fields="files"]').hidden = way === 'draw';
    act('make').textContent = WAYS[way];
    if (way === 'draw') sheet.draw();
  }
  $('[data-way="hub"]').hidden = !props.hub.length;
  dialog.querySelectorAll('[data-way]').forEach(button => button.addEventListener('click', () => choose(button.dataset.way)));
  act('make').addEventListener('click', make);
  act('use').addEventListener('click', use);
  act('close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => { sending?.abort(); opener?.focus(); });
  hear('own/open', element, button => {                        // also one that was pressed before this script was here
    if (!button) return;
    [opener, tab] = [button, shownTab()];
    choose(way);
    dialog.showModal();
    tell('own/open', null);
  });

  /* Which of this browser's data the server still keeps. */
  const names = own().map(one => one.name);
  if (names.length) server.own_known(names).then(known => { if (known && !known.error) keepOnly(known); }).catch(() => {});
}
