/* Lessons beside the instrument: a list, one step at a time, what a step sets, a guess, and the checks of the run once it has ended. */
import {lastFrame, subscribe} from '../ui/lib/bus.js';
import {reset} from '../ui/lib/forms.js';
import {TABS, train as begin} from '../ui/lib/going.js';
import {button, node} from '../ui/lib/nodes.js';
import {prose, question, runs, verdict} from './draw.js';
import {pack, unpack} from './link.js';
import {keep, nameOf, table} from './store.js';

const ENDED = ['finished', 'failed'], LARGEST = 65536;
const NO_ANSWER = 'The server did not answer. Please try again.';
const page = () => /** @type {any} */ (window).playgroundPage;

export function mount({element, server, trigger}) {
  const $ = selector => element.querySelector(selector);
  const panel = $('.lessons-panel'), body = $('.lessons-body'), foot = $('.lessons-foot'), title = $('.lessons-title'), opener = $('.lessons-open');
  const store = keep(window.localStorage), judged = new Map();
  let lessons = null, shown = null, at = 0, notice = '', asking = '';

  const ask = async (name, request) => { try { return (await server[name](request)) || {error: NO_ANSWER}; } catch { return {error: NO_ANSWER}; } };
  const step = () => shown && lessons[shown].steps[at];

  /* --- the address ------------------------------------------------------------------------------------------------ */
  function write(push) {
    const url = new URL(location.href);
    if (shown) { url.searchParams.set('lesson', shown); url.searchParams.set('step', String(at + 1)); } else { url.searchParams.delete('lesson'); url.searchParams.delete('step'); }
    if (url.href !== location.href) history[push ? 'pushState' : 'replaceState'](history.state, '', url);
  }
  function read() {
    const asked = new URL(location.href).searchParams, name = asked.get('lesson');
    shown = name && lessons[name] ? name : null;
    notice = name && !shown ? `The lesson “${name.slice(0, 60)}” is not known in this browser: open its file here.` : '';
    at = shown ? Math.min(Math.max(1, Number.parseInt(asked.get('step'), 10) || 1), lessons[shown].steps.length) - 1 : 0;
    return Boolean(name);
  }

  /* --- what a step does ------------------------------------------------------------------------------------------- */
  function go() {
    if (!step()?.tab) return;
    page().going = {tab: step().tab, bench: step().bench};
    trigger('go');
  }
  /* Sets the form up for step `source`, and trains if that is wanted. */
  function setUp(source, train) {
    reset(source.tab, source.set);
    go();
    if (train) begin(source.tab);
  }
  const mine = () => step().run != null && lastFrame(step().tab);
  /* The run of the study that measures what this step checks, once it has ended and if it is of the run of this step; else ''. */
  function beside() {
    const frame = mine(), study = step().study && lastFrame(step().study);
    return study && ENDED.includes(study.status) && study.of?.[0]?.run === frame.run ? study.run : '';
  }
  const key = frame => `${shown}|${at}|${frame.run}|${frame.step}|${frame.status}|${beside()}`;
  /* Once the run of a step has ended the server is asked what it measured. */
  async function judge() {
    const frame = step() && panel.hidden === false && mine();
    if (!frame || !ENDED.includes(frame.status) || (step().study && !beside()) || judged.has(key(frame)) || asking === key(frame)) return;
    const name = shown, number = at, now = step(), wanted = lessons[name].steps[now.run], place = asking = key(frame);
    const named = lessons[name].steps.slice(0, number + 1).filter(each => each.name), known = store.of(name).runs;
    const names = Object.fromEntries(named.map(each => [each.name, [each.tab, known[each.name]?.[1] ?? '']]));
    const answer = await ask('judge', [frame.run, {tab: now.tab, set: wanted.set, checks: now.checks, names, study: beside()}]);
    asking = '';
    judged.set(place, answer);
    if (answer.numbers && !frame.kept) remember(name, number, now, frame.run, answer);
    draw();
    if (now.train && now === step()) body.querySelector('.lesson-verdict')?.scrollIntoView({block: 'nearest'});
  }
  function remember(name, number, now, run, answer) {
    const wanted = new Set(lessons[name].steps.flatMap(each => each.table.map(([reading]) => reading)));
    const numbers = Object.fromEntries(Object.entries(answer.numbers).filter(([reading]) => wanted.has(reading)));
    if (wanted.size && !store.of(name).rows.some(row => row.run === run)) store.row(name, {run, step: number, settings: answer.settings, numbers});
    if (answer.other) return;
    store.change(name, kept => {
      const {name: called, tab} = lessons[name].steps[now.run];
      if (called) kept.runs[called] = [tab, run];
      if (answer.verdicts.every(([holds]) => holds)) kept.done[number] = true;
    });
  }

  /* --- drawing ---------------------------------------------------------------------------------------------------- */
  function draw() {
    const held = document.activeElement, inside = body.contains(held) || foot.contains(held);
    const label = inside && held.textContent;
    opener.setAttribute('aria-expanded', String(!panel.hidden));
    document.documentElement.classList.toggle('lessons-beside', !panel.hidden);
    if (panel.hidden) return;
    title.textContent = shown ? lessons[shown].title : 'Lessons';
    $('[data-go=list]').hidden = !shown;
    body.replaceChildren(...(lessons ? (shown ? theStep() : theList()) : [node('p', 'lesson-soft', notice || 'Loading…')]));
    foot.replaceChildren(...(shown ? theFoot() : []));
    if (inside) ([...panel.querySelectorAll('button')].find(each => each.textContent === label && !each.disabled) || body).focus({preventScroll: true});
  }
  function theStep() {
    const now = step(), kept = store.of(shown), frame = mine(), waits = frame && !ENDED.includes(frame.status);
    const doing = node('div', 'lesson-doing');
    if (Object.keys(now.set).length) doing.append(button('Set this up', 'lesson-plain', () => setUp(now, false)));
    else if (now.tab && !now.train) doing.append(button('Show it', 'lesson-plain', go));
    const sets = Object.entries(now.set).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ');
    const waiting = waits && frame.status === 'stopped' ? 'The run was stopped before its last step: let it go on, and its numbers are checked.' : waits ? 'The run goes on: the numbers are checked when it ends.' : now.study && frame ? `Checked once the bench of this step has measured the run of step ${now.run + 1}.`
      : now.train ? 'Checked on the numbers of your run, once it has ended.' : `Checked on the run of step ${now.run + 1}, once there is one.`;
    return [
      node('p', 'lesson-count', `Step ${at + 1} of ${lessons[shown].steps.length}${kept.done[at] ? ' · done' : ''}${shown === linkedName ? ' · somebody’s text, from the link' : ''}`),
      node('h2', '', now.heading), prose(now.prose),
      now.ask ? question(now, kept.guess[at], guessed) : null, doing,
      sets ? node('p', 'lesson-soft', `Sets ${sets}; everything else as it was at the beginning.`) : null,
      now.checks.length ? verdict(now, verdictOf(), waiting) : null,
      now.table.length ? runs(now, table(lessons[shown].steps, kept.rows, at), lessons[shown].steps.map(each => each.name || each.heading)) : null,
    ].filter(Boolean);
  }
  function guessed(i) {
    store.change(shown, kept => { kept.guess[at] = i; if (!step().checks.length) kept.done[at] = true; });
    draw();
  }
  /* Back, what trains the run of this step where it is wanted, and on. */
  function theFoot() {
    const {steps} = lessons[shown], now = step(), source = steps[now.run], done = verdictOf()?.verdicts;
    const trains = source && (now.train || !done), last = at + 1 === steps.length;
    return [
      button('Previous', 'lesson-plain', () => move(at - 1), {disabled: at === 0}),
      trains ? button(now.train ? 'Set and train' : `Train step ${now.run + 1}`, done ? 'lesson-plain' : 'lesson-main', () => setUp(source, true)) : null,
      button(last ? 'Finish' : 'Next', trains && !done ? 'lesson-plain' : 'lesson-main', () => (last ? list() : move(at + 1))),
    ].filter(Boolean);
  }
  const verdictOf = () => { const frame = mine(); return frame ? judged.get(key(frame)) : null; };
  function theList() {
    const cards = Object.entries(lessons).map(([name, lesson]) => {
      const kept = store.of(name), done = Object.keys(kept.done).length, own = name in store.own();
      return node('section', 'lesson-card', node('h2', '', lesson.title), node('p', '', lesson.about),
        node('p', 'lesson-soft', `${done} of ${lesson.steps.length} steps done${own ? ' · your own file, kept in this browser alone' : name === linkedName ? ' · somebody’s text, which came with the link, and is not kept' : ''}`),
        node('div', 'lesson-doing', button(kept.at ? `Go on at step ${kept.at + 1}` : 'Begin', 'lesson-main', () => open(name, kept.at)),
          own ? button('Copy link', 'lesson-plain', () => copyLink(name)) : null,
          own ? button('Remove', 'lesson-plain', () => { store.remove(name); delete lessons[name]; draw(); }) : null));
    });
    const picker = /** @type {HTMLInputElement} */ (node('input'));
    Object.assign(picker, {type: 'file', accept: '.md,.txt,text/plain,text/markdown'});
    picker.addEventListener('change', () => take(picker.files[0]));
    const field = node('label', 'lesson-file', 'Open a lesson of your own: choose its file, or drop it here. ', picker);
    return [notice ? node('p', 'lesson-bad', notice) : null, ...cards, field].filter(Boolean);
  }

  /* --- moving ----------------------------------------------------------------------------------------------------- */
  function move(to) {
    at = to;
    store.change(shown, kept => { kept.at = to; });
    write(true);
    arrive();
    go();
  }
  function arrive() {
    notice = '';
    draw();
    body.scrollTop = 0;
    body.focus({preventScroll: true});
    judge();
  }
  function open(name, number) { shown = name; move(Math.min(number, lessons[name].steps.length - 1)); }
  function list() { shown = null; at = 0; write(true); arrive(); }
  function show(on) { panel.hidden = !on; store.open = on; draw(); judge(); if (on) body.focus({preventScroll: true}); else { write(false); opener.focus(); } }

  /* --- a lesson in a link ------------------------------------------------------------------------------------------ */
  let linkedName = '';
  async function copyLink(name) {
    const url = new URL(location.href);
    url.search = '';
    url.hash = await pack(store.own()[name]);
    try { await navigator.clipboard.writeText(url.href); notice = 'The link is copied. It holds the whole lesson.'; } catch { location.hash = url.hash; notice = 'Copy the address of this page: it holds the whole lesson.'; }
    draw();
    body.scrollTop = 0;
  }
  /* What came with the link is shown as any lesson is, text and nothing else, and is gone with the page. Whether there was one. */
  async function follow() {
    const text = await unpack(location.hash, LARGEST * 4);
    if (text == null) return false;
    const lesson = text ? await ask('read_lesson', text) : {error: 'the lesson in this link is damaged, or too long.'};
    if (lesson.error) { notice = `The link: ${lesson.error}`; return true; }
    delete lessons[linkedName];
    linkedName = nameOf(lesson.title).replace(/^own/, 'link');
    lessons[linkedName] = lesson;
    return true;
  }

  /* --- a teacher's own file --------------------------------------------------------------------------------------- */
  async function take(file) {
    if (!file) return;
    const text = file.size > LARGEST * 4 ? null : await file.text(), lesson = text == null ? {error: 'The file is too large for a lesson.'} : await ask('read_lesson', text);
    if (lesson.error) { notice = `${file.name}: ${lesson.error}`; shown = null; draw(); body.scrollTop = 0; return; }
    const name = nameOf(lesson.title);
    lessons[name] = lesson;
    const kept = store.add(name, text);
    open(name, 0);
    if (!kept) { notice = 'This browser has no room to keep the file: it is there until the page is closed.'; }
  }
  panel.addEventListener('dragover', event => { event.preventDefault(); panel.classList.add('lessons-drop'); });
  panel.addEventListener('dragleave', () => panel.classList.remove('lessons-drop'));
  panel.addEventListener('drop', event => { event.preventDefault(); panel.classList.remove('lessons-drop'); take(event.dataTransfer.files[0]); });

  async function load() {
    const answer = await ask('lessons', null);
    if (answer.error) { notice = answer.error; draw(); return; }
    const own = await Promise.all(Object.entries(store.own()).map(async ([name, text]) => [name, await ask('read_lesson', text)]));
    lessons = {...answer.lessons, ...Object.fromEntries(own.filter(([, lesson]) => !lesson.error))};
  }

  opener.disabled = false;
  opener.addEventListener('click', async () => { show(panel.hidden); if (!lessons) { await load(); draw(); } });
  panel.addEventListener('click', event => {
    const what = event.target.closest('[data-go]')?.dataset.go;
    if (what === 'list') list();
    if (what === 'close') show(false);
    if (what === 'fold') {
      const folded = panel.classList.toggle('lessons-folded'), fold = $('[data-go=fold]');
      fold.textContent = folded ? 'Unfold' : 'Fold';
      fold.setAttribute('aria-expanded', String(!folded));
    }
  });
  panel.addEventListener('keydown', event => { if (event.key === 'Escape') show(false); });
  window.addEventListener('popstate', () => {
    if (!element.isConnected || !lessons) return;
    read();
    arrive();
    go();
  });
  for (const tab of [...TABS, 'arena']) {
    let last = '';
    subscribe(tab, frame => {
      const now = frame ? `${frame.run}|${frame.status}` : '';
      if (now === last || !shown || ![step().tab, step().study].includes(tab)) return;
      last = now;
      draw();
      judge();
    });
  }

  window.addEventListener('hashchange', async () => { if (element.isConnected && lessons && await follow() && lessons[linkedName]) { panel.hidden = false; open(linkedName, 0); } });

  const linked = new URL(location.href).searchParams, wanted = linked.get('lesson');
  if (wanted || store.open || location.hash.startsWith('#lesson=')) {
    panel.hidden = false;
    draw();
    load().then(async () => {
      if (!lessons) return;
      const sent = await follow(), damaged = notice;
      read();
      if (sent && !shown && lessons[linkedName]) shown = linkedName;
      if (sent && damaged) notice = damaged;
      draw();
      judge();
      if (!linked.get('tab')) go();
    });
  }
}
