/* Follows one run: a long poll that publishes frames, buttons that send commands, and the run id in the page's address.
   Frame layout: ui (the server function `pull`) and playground/page/frames.py. Events to Python: 'train', 'attached'. */
import {ACTIVE, current, hear, publish, tell} from '../lib/bus.js';
import {duration, fixed, thousands} from '../lib/format.js';
import {latest} from '../lib/live.js';
import * as forms from '../lib/forms.js';
import {keepOnly, mine, nameOf, remember} from '../lib/mine.js';
import {offering} from '../lib/going.js';
import {theory} from '../lib/theory.js';
import {wayButton} from '../lib/ways.js';
import {saveMenu} from './save_menu.js';

offering();
theory();
const ENDED = ['finished', 'stopped', 'failed'];

/* --- drawing ------------------------------------------------------------------------------------------------------- */
function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

/* --- following a run ------------------------------------------------------------------------------------------------ */
const pause = ms => new Promise(done => setTimeout(done, ms));
const nextPicture = () => new Promise(done => { requestAnimationFrame(done); setTimeout(done, 250); });  // hidden pages draw none

export function mount({element, props, server, trigger, watch}) {
  const tab = props.tab, root = element.querySelector('.run');
  const $ = selector => element.querySelector(selector);
  const button = name => $(`[data-do="${name}"]`);

  root.dataset.tab = tab;

  const WORDS = {idle: 'Ready', asked: 'Starting', waiting: 'In line', starting: 'Starting', running: props.busy_word || 'Training', paused: 'Paused',
                 finished: 'Finished', stopped: 'Stopped', failed: 'Failed'};
  let run = null, version = 0, staticSeen = false, frame = null;   // what we follow, and its newest status
  let life = 0;                                                  // grows with every run followed; an old loop sees it and ends
  let asked = false, wanted = null, lost = false, reattached = false, notice = null, busy = '', busyTimer = 0;

  let pressTimer = 0, drawnStatus = null, again = false, before = null, own = false, names = {};

  const menu = saveMenu(element, server);

  /* --- the address: ?vae=ID ------------------------------------------------------------------------------------------ */
  const fromAddress = () => new URL(location.href).searchParams.get(tab);

  function toAddress(id) {
    const url = new URL(location.href);
    if (id && id !== props.kept) url.searchParams.set(tab, id); else url.searchParams.delete(tab);
    if (url.href !== location.href) history.replaceState(history.state, '', url);
  }

  function setFact(name, text) { setText($(`[data-fact="${name}"]`), text); }

  function drawButtons(status) {
    const ended = ENDED.includes(status), active = ACTIVE.includes(status);
    const resumable = ['stopped', 'failed'].includes(status) && (frame.resumable != null ? frame.resumable : frame.step > 0);
    setText(button('train'), asked ? 'Starting…' : ended && !frame.kept ? `${props.train_label} again` : props.train_label);
    button('train').disabled = asked || (active && !(frame && frame.steers === false));
    setText(button('pause'), wanted === 'pause' ? 'Pausing…' : wanted === 'resume' ? 'Resuming…' : status === 'paused' ? 'Resume' : 'Pause');
    const watches = Boolean(frame) && frame.steers === false;
    button('pause').disabled = watches || !['running', 'paused'].includes(status) || wanted !== null;
    setText(button('stop'), wanted === 'stop' ? 'Stopping…' : 'Stop');
    button('stop').disabled = watches || !active || wanted === 'stop';
    setText(button('continue'), wanted === 'continue' ? 'Continuing…' : 'Continue');
    button('continue').hidden = !resumable || watches;
    button('continue').disabled = wanted === 'continue' || asked;
    menu.draw(frame && frame.step != null ? run : null);
  }

  function drawMessage(status) {
    const box = $('.run-message');
    let text = (frame && frame.message) || '', more = '', error = false, right = null;
    if (notice) { text = notice.text; error = notice.error; right = notice.right || null; }
    else if (busy) text = busy;
    else if (lost) text = 'Connection lost, trying again…';
    else if (status === 'failed') { error = true; more = frame.suggestion || ''; text = text || 'The run failed.'; }
    else if (status === 'idle') text = props.hint;
    else if (frame && frame.diverged) { error = true; more = text; text = frame.diverged; }
    if (text === `${WORDS[status]}.`) text = '';                  // the status says that already
    if (!text && frame && frame.steers === false) text = `You watch this run; ${props.train_label} starts one of your own.`;
    const key = `${error}|${text}|${more}|${JSON.stringify(right)}`;
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    box.classList.toggle('run-error', error);
    if (error) box.setAttribute('role', 'alert'); else box.removeAttribute('role');
    const suggestion = document.createElement('em');
    suggestion.textContent = more ? ` ${more}` : '';
    const way = error && wayButton(`${text} ${more}`, right);
    box.replaceChildren(document.createTextNode(text), suggestion, ...(way ? [document.createTextNode(' '), way] : []));
    box.tabIndex = box.scrollHeight > box.clientHeight ? 0 : -1;  // what scrolls can be scrolled by keys
  }

  /* The run that is shown, and those of this browser that can be shown in its place. */
  function drawName() {
    const box = $('.run-name'), started = mine(tab).toReversed(), number = started.find(one => one.run === run)?.n;
    const about = frame && frame.about, shown = about ? [[run, frame.kept ? `Kept ${nameOf(about).replace(/^[A-Z](?=[a-z])/, letter => letter.toLowerCase())}` : nameOf(about, number)]] : [];
    const others = started.filter(one => one.run !== run).map(one => [one.run, nameOf(one.about, one.n)]);
    const kept = props.kept && run !== props.kept ? [[props.kept, 'The run kept with the project']] : [];
    for (const one of [...shown, ...others]) one[1] = names[one[0]] || started.find(each => each.run === one[0])?.name || one[1];
    const all = shown.length ? [...shown, ...others, ...kept] : [], key = JSON.stringify(all);
    box.hidden = !props.named || !all.length;
    if (box.dataset.key === key || document.activeElement === box && box.dataset.run === run) return;
    Object.assign(box.dataset, {key, run});
    box.title = all.length ? all[0][1] : '';
    box.disabled = all.length < 2;
    box.replaceChildren(...all.map(([id, name]) => new Option(name, id)));
  }
  async function tidy() {
    const started = mine(tab);
    if (!props.named || !started.length || !server.known) return;
    let answer;
    try { answer = await server.known(started.map(one => one.run)); } catch { return; }
    if (answer && answer.known) { keepOnly(tab, answer.known); names = {...names, ...answer.names}; drawName(); }
  }

  const drawSoon = latest(() => draw(), 200);                 // numbers that change faster cannot be read

  function draw() {
    drawnStatus = frame && frame.status;
    const status = asked ? 'asked' : frame ? frame.status : run ? 'asked' : 'idle';
    const led = frame && frame.diverged && ENDED.includes(status) && status !== 'failed' ? frame.diverged.split(':')[0] : '';
    root.dataset.status = status === 'asked' ? 'starting' : status;
    root.dataset.diverged = String(Boolean(led));
    setText($('.run-status b'), lost && !ENDED.includes(status) ? 'Offline' : led || (frame && frame.kept ? 'Kept run' : WORDS[status] || status));
    drawButtons(status);
    drawMessage(status);
    const f = frame || {}, share = f.steps ? Math.min(1, f.step / f.steps) : 0;
    $('.run-bar div').style.width = `${100 * share}%`;
    $('.run-bar').setAttribute('aria-valuenow', Math.round(100 * share));
    const counter = props.counted || 'step';
    drawName();
    setFact('step', frame ? `${counter} ${thousands(f.step || 0)}` : `– ${counter}s`);
    $('[data-fact="step"]').style.minWidth = f.steps ? `${0.85 * (counter.length + 1 + thousands(f.steps).length)}ch` : '';
    setFact('steps', f.steps ? `of ${thousands(f.steps)}` : '');
    setFact('seconds', frame ? duration(f.seconds || 0) : '–');
    setFact('eta', frame && !ENDED.includes(status) ? duration(f.eta) : '–');
    setFact('rate', f.rate ? (f.rate < 9.95 ? fixed(f.rate, 1) : thousands(f.rate)) : '–');
    setFact('parameters', f.n_parameters ? (f.n_parameters < 1e6 ? thousands(f.n_parameters) : `${fixed(f.n_parameters / 1e6, 2)} M`) : '–');
    setFact('device', (f.device || '').replace(', bfloat16', ' bf16'));
    Object.assign($('[data-fact="device"]'), {hidden: !f.device, title: `Where and in what numbers is computed: ${f.device}`});
  }

  const inSight = () => !document.hidden && element.isConnected && element.offsetParent !== null;

  function follow(id, found) {
    life += 1;
    before = run; own = !found;
    run = id; version = 0; staticSeen = false; frame = null; wanted = null; lost = false; reattached = found; notice = null;
    props.value = {run: id};
    toAddress(id);
    publish(tab, null, true);
    draw();
    poll(life);
    tidy();
  }

  function leave(sentence, error) {
    life += 1;
    run = null; frame = null; lost = false; wanted = null; asked = false;
    notice = sentence ? {text: sentence, error} : null;
    props.value = null;
    toAddress(null);
    draw();
  }

  function accept(answer, looked) {
    frame = answer;
    lost = false;
    if (looked) version = answer.version;                        // unseen frames carry no pictures: ask for them again
    if (answer.config) staticSeen = true;
    if (wanted && settled(answer.status)) wanted = null;
    if (window.playgroundPage) window.playgroundPage.watch[tab] = answer.kept ? null : {run, watch: answer.watch};
    publish(tab, answer);
    if (again && ENDED.includes(answer.status)) { again = false; train(); }
    if (props.named && own && answer.about && !answer.kept) remember(tab, run, answer.about);
    if (reattached && answer.config) {
      reattached = false;
      if (answer.config.model && !answer.kept) forms.restore(tab, answer.config);
      trigger('attached', {run, config: answer.config});
    }
    if (answer.status === drawnStatus) drawSoon(); else draw();
  }

  /* Has what was asked for happened? */
  function settled(status) {
    const ended = ENDED.includes(status);
    if (wanted === 'continue') return !ended;
    return ended || (wanted === 'pause' && status === 'paused') || (wanted === 'resume' && status === 'running');
  }

  async function poll(mine) {
    let wait = 250;
    while (mine === life) {
      const looking = inSight();
      let answer;
      try { answer = await server.pull([run, version, staticSeen, looking]); } catch { answer = undefined; }
      if (mine !== life) return;
      if (!answer) {                                             // network or server away
        lost = true;
        draw();
        await pause(wait);
        wait = Math.min(2000, wait * 1.6);
        continue;
      }
      wait = 250;
      if (answer.error) {
        const back = reattached && before && before !== run ? before : null;
        if (back) { follow(back, true); notice = {text: 'That run is no longer kept here.', error: false}; draw(); return; }
        leave(run === props.kept ? '' : reattached && answer.gone ? 'That run is no longer kept here.' : answer.error, false);
        return;
      }
      const old = version;
      accept(answer, looking);
      if (looking) await nextPicture();
      else await sleepUnlessSeen(ENDED.includes(answer.status) ? 5000 : 2000);
      if (old === answer.version) await pause(150);              // nothing new: never a tight loop
    }
  }

  /* Waits, but no longer than until the tab is looked at again. */
  async function sleepUnlessSeen(ms) {
    const until = Date.now() + ms;
    while (Date.now() < until && !inSight()) await pause(200);
  }

  /* --- buttons --------------------------------------------------------------------------------------------------------- */
  function press(node) {
    node.classList.add('run-pressed');
    setTimeout(() => node.classList.remove('run-pressed'), 140);
  }

  function train() {
    asked = true;
    notice = null;
    props.value = null;                                          // so that even the same answer again is a change
    draw();
    clearTimeout(pressTimer);
    pressTimer = setTimeout(() => { if (asked) { asked = false; notice = {text: 'No answer from the server. Please try again.', error: true}; draw(); } }, 20000);
    trigger('train', {settings: forms.read(), following: Object.fromEntries(new URL(location.href).searchParams), joined: current('task')});
  }

  /* A training is asked for from elsewhere: in place of one that still goes on. */
  function begin() {
    again = Boolean(frame && frame.steers !== false && !ENDED.includes(frame.status));
    if (again) send('stop'); else train();
  }

  async function send(name) {
    const mine = life;
    wanted = name;
    notice = null;
    draw();
    let answer;
    try { answer = await server.command([run, name]); } catch { answer = undefined; }
    if (mine !== life) return;
    if (!answer || answer.error) {
      wanted = null;
      notice = {text: answer ? answer.error : 'The server did not answer. Please try again.', error: true};
    } else if (answer.run && answer.run !== run) { follow(answer.run, false); return; }
    draw();
    setTimeout(() => { if (mine === life && wanted === name) { wanted = null; draw(); } }, 15000);
  }

  element.addEventListener('click', event => {
    const node = event.target.closest('button[data-do]');
    if (!node || node.disabled) return;
    press(node);
    const name = node.dataset.do;
    if (name === 'train') train();
    else if (name === 'pause') send(frame && frame.status === 'paused' ? 'resume' : 'pause');
    else send(name);
  });

  window.addEventListener('playground-busy', event => {
    busy = /** @type {CustomEvent} */ (event).detail;
    clearTimeout(busyTimer);
    busyTimer = setTimeout(() => { busy = ''; draw(); }, 3000);
    draw();
  });
  window.addEventListener('popstate', () => { if (element.isConnected && life) toAddress(run); });   // the run is that of now
  $('.run-name').addEventListener('change', event => { event.target.blur(); follow(event.target.value, true); });
  hear(`show|${tab}`, root, id => { if (id) { tell(`show|${tab}`, null); if (id !== run) follow(id, true); } });
  hear('renamed', root, change => { if (change) { names = {...names, [change.run]: change.name}; drawName(); } });
  hear(`train|${tab}`, root, wish => { if (wish) { tell(`train|${tab}`, null); begin(); } });

  /* Python's answer to 'train' (or a value set by Python at any other time): begin at once. */
  watch('value', () => {
    const value = props.value;
    if (!value) { if (run && !asked) props.value = {run}; return; }   // Gradio writes the first value again when a tab first opens
    asked = false;
    clearTimeout(pressTimer);
    if (value.error) {
      notice = {text: value.error, error: true, right: props.named ? value.way : null};    // of a study it is another form that is set
      forms.refuse(tab, value.error);
      props.value = run ? {run} : null;                          // the value says which run is shown, nothing else
    }
    if (value.run && value.run !== run) follow(value.run, false); else draw();
  });

  if (fromAddress()) follow(fromAddress(), true);
  else if (props.value && props.value.run) follow(props.value.run, false);
  else if (props.kept) follow(props.kept, false);
  else { publish(tab, null); draw(); }
}
