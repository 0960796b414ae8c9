/* One mode at a time: its controls, its question to the model, its rows of results. */
import {asker} from '../../ui/lib/asking.js';
import {thumbnail, tile} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {fixed} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {maskPainter} from './mask.js';
import {MODES} from './modes.js';
import {say} from '../../ui/lib/ways.js';

function tileNode([images, caption, i]) {
  const figure = document.createElement('figure'), canvas = tile(document.createElement('canvas'), images, i || 0);
  figure.append(canvas);
  if (caption) figure.append(Object.assign(document.createElement('figcaption'), {textContent: caption}));
  return figure;
}

function rowNode({title, note, tiles, text}) {
  const node = document.createElement('div');
  if (text) { node.className = 'lab-hint'; node.textContent = text; return node; }
  const label = document.createElement('span'), line = document.createElement('div');
  node.className = 'lab-row';
  line.className = 'lab-tiles';
  label.textContent = title;
  if (note) label.append(Object.assign(document.createElement('small'), {textContent: note}));
  line.append(...tiles.map(tileNode));
  node.append(label, line);
  return node;
}

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector), $$ = selector => [...element.querySelectorAll(selector)];
  const buttons = $$('[data-mode]'), hint = $('.lab-hint'), work = $('.lab-work'), picker = $('.lab-picker'), paint = $('.lab-paint'), rows = $('.lab-rows');
  const error = $('.lab-error'), go = $('.lab-go'), seedButton = $('.lab-seed');
  const labelSelect = $('[data-choose="label"]'), stepsSelect = $('[data-choose="steps"]'), ask = asker(server, props.tab);
  let frame = null, still = null, sheet = null, mode = 'edit', picked = 0, seed = 0, busy = false, run = null, results = {};

  stepsSelect.value = '20';
  stepsSelect.disabled = labelSelect.disabled = false;
  const value = name => Number($(`[data-set="${name}"]`).value);
  const conditional = () => Boolean(frame && frame.config && frame.config.conditional === 'on');
  const painter = maskPainter($('.lab-paint canvas'), () => { error.textContent = ''; stale(); });

  /* --- what is set ------------------------------------------------------------------------------------------------------------- */
  function settings() {
    const label = conditional() ? Number(labelSelect.value) : -1, labelOnly = label >= 0 ? {label} : {};
    const condition = label >= 0 ? {label, guidance_scale: value('scale')} : {};
    return {index: still.indices[picked], t: value('t'), seed, steps: Number(stepsSelect.value), label, labelOnly, condition, conditional: conditional(),
            masked: painter.any(), mask: painter.rows};
  }

  function thumbnailPixels(i) {
    const canvas = document.createElement('canvas');
    if (!thumbnail(canvas, sheet, still, i)) return null;
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return {pixels: data, w: canvas.width, h: canvas.height};
  }

  function pick(i) {
    picked = Math.max(0, Math.min(still.indices.length - 1, i));
    [...picker.children].forEach((node, k) => node.setAttribute('aria-selected', String(k === picked)));
    const found = thumbnailPixels(picked);
    if (found) painter.show(found.pixels, found.w, found.h);
    stale();
  }

  function fillPicker() {
    picker.replaceChildren(...still.indices.map((index, i) => {
      const node = document.createElement('canvas');
      node.setAttribute('role', 'option');
      node.title = `${still.label_names[still.labels[i]]}, held-out image ${index + 1}`;
      node.addEventListener('click', () => { pick(i); draw(); });
      thumbnail(node, sheet, still, i);
      return node;
    }));
    pick(Math.min(picked, still.indices.length - 1));
  }

  function fillLabels() {
    const names = still.label_names, key = names.join();
    if (labelSelect.dataset.key === key) return;
    labelSelect.dataset.key = key;
    labelSelect.replaceChildren(new Option('any', '-1'), ...names.map((name, i) => new Option(name, String(i))));
  }

  /* --- asking ---------------------------------------------------------------------------------------------------------------------- */
  /* Results that no longer fit what is set are pale until they are drawn again. */
  function stale() { if (rows.children.length) rows.classList.add('lab-stale'); }

  async function request() {
    const set = settings(), now = mode, refusal = MODES[now].refuse ? MODES[now].refuse(set) : '';
    say(error, refusal);
    if (refusal || busy) return;
    const of = run;
    busy = true;
    draw();
    let answer;
    try { answer = await MODES[now].ask(ask, set); } catch (failed) { console.error(failed); answer = {error: 'This could not be asked.'}; }
    busy = false;
    if (of === run) {
      if (answer.error) say(error, answer.error);
      else { results[now] = {answer, set}; if (now === mode) rows.classList.remove('lab-stale'); }
    }
    draw();
  }

  /* --- drawing ------------------------------------------------------------------------------------------------------------------------ */
  function drawControls(ready) {
    const {needs} = MODES[mode], show = (node, wanted) => { node.hidden = !wanted; };
    buttons.forEach(button => { button.setAttribute('aria-pressed', String(button.dataset.mode === mode)); button.disabled = !ready; });
    show(work, ready);
    show(picker, needs.includes('picker'));
    show(paint, needs.includes('paint'));
    ['t', 'scale'].forEach(name => show($(`[data-for="${name}"]`), needs.includes(name) && (name === 't' || conditional() && Number(labelSelect.value) >= 0)));
    show(labelSelect.parentElement, needs.includes('label') && conditional());
    show(seedButton, needs.includes('seed'));
    $$('[data-set]').forEach(input => { input.nextElementSibling.textContent = input.dataset.set === 't' ? fixed(Number(input.value)) : input.value; });
    go.disabled = busy;
    go.textContent = busy ? 'Drawing…' : 'Draw';
  }

  function draw() {
    const ready = Boolean(still && frame && frame.views.samples);
    drawControls(ready);
    say(hint, ready ? props.hints[mode] : props.first);
    const shown = ready && results[mode];
    mark(element, shown ? shown.answer.origin : null);
    if (rows.shown !== shown) {
      rows.shown = shown;
      rows.replaceChildren(...(shown ? MODES[mode].rows(shown.answer, shown.set).map(rowNode) : []));
    }
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  function follow(payload, newest, payloads) {
    const other = (newest && newest.run) !== run, had = Boolean(frame && frame.views.samples), fixed = payloads[1];
    frame = newest;
    if (other) { run = newest && newest.run; results = {}; error.textContent = ''; rows.classList.remove('lab-stale'); }
    if (fixed && (!still || still.from !== fixed)) {
      still = {...fixed, from: fixed, labels: decode.u8(fixed.labels)};
      sheet = new Image();
      sheet.onload = fillPicker;
      sheet.src = fixed.sheet;
      fillLabels();
    } else if (!fixed) still = null;
    return other || had !== Boolean(payload);
  }

  /* Guidance is about one class, so one is picked. */
  function choose(name) {
    mode = name;
    if (mode === 'guidance' && labelSelect.value === '-1' && labelSelect.options.length > 1) labelSelect.value = '0';
  }

  buttons.forEach(button => button.addEventListener('click', () => { choose(button.dataset.mode); error.textContent = ''; rows.classList.remove('lab-stale'); draw(); }));
  go.addEventListener('click', request);
  seedButton.addEventListener('click', () => { seed += 1; request(); });
  $$('[data-set]').forEach(input => input.addEventListener('input', () => { if (input.dataset.set === 'brush') painter.brush(value('brush')); else stale(); draw(); }));
  $$('[data-set="t"], [data-set="scale"]').forEach(input => input.addEventListener('change', request));   // let go: drawn at once
  [labelSelect, stepsSelect].forEach(node => node.addEventListener('change', () => { stale(); error.textContent = ''; draw(); }));
  $$('[data-mask]').forEach(button => button.addEventListener('click', () => painter[button.dataset.mask]()));
  picker.addEventListener('keydown', event => {
    const jump = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[event.key];
    if (!jump) return;
    event.preventDefault();
    pick(picked + jump);
    picker.children[picked].scrollIntoView({block: 'nearest', inline: 'nearest'});
    draw();
  });
  painter.brush(value('brush'));
  live({element, tab: props.tab, views: ['samples', 'lab_static'], draw: (payload, newest, why, payloads) => { if (follow(payload, newest, payloads) || why !== 'frame') draw(); }, interval: 200});
}
