/* Draws the fields of a form (settings.py) and keeps them true to lib/forms.js. A number is a text field: no wheel and no arrow key
   of the browser's own changes it, and what is no number can be refused in words. Arrow keys take a step; where the magnitude is
   what counts, from one of 1, 2, 5, 10, … to the next. */
import {fromAddress, isHidden} from '../lib/address.js';
import {ACTIVE, lastFrame, subscribe} from '../lib/bus.js';
import {thousands} from '../lib/format.js';
import * as store from '../lib/forms.js';
import {kindOf, offered, whenOwn} from '../lib/own_data.js';
import {marksOf, nearest, stepped, tidy} from '../lib/scales.js';

let count = 0;

const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
};
const number = text => {
  const plain = text.trim().replace('−', '-');
  return plain !== '' && isFinite(Number(plain)) ? Number(plain) : text;
};
const words = value => (Math.abs(value) >= 10000 ? thousands(value) : String(value));

function range(spec) {
  const whole = spec.kind === 'int' ? 'a whole number' : 'a number';
  return spec.low == null ? whole : `${whole} from ${words(spec.low)} to ${words(spec.high)}${spec.unit ? ` ${spec.unit}` : ''}`;
}
const wrong = (spec, value) => typeof value !== 'number' || (spec.kind === 'int' && !Number.isInteger(value))
  || (spec.low != null && (value < spec.low || value > spec.high));

/* The frame of one field: label, help, the control, and a line for what is wrong with it. */
function frame(spec) {
  const id = `setting-${++count}`, box = make('div', 'setting'), message = make('div', 'setting-message');
  const label = make('label', 'setting-label', spec.unit ? `${spec.label} (${spec.unit})` : spec.label), line = make('div', 'setting-line');
  const help = make('div', 'setting-help', spec.help);
  box.dataset.field = spec.name;
  label.htmlFor = id;
  help.id = `${id}-help`;
  message.id = `${id}-message`;
  message.setAttribute('role', 'status');
  const later = make('span', 'setting-next', 'from the next Train');
  later.id = `${id}-next`;
  later.hidden = true;
  const top = make('div', 'setting-top');
  top.append(label, later);
  box.append(top, ...(spec.help ? [help] : []), line, message);
  const dress = input => { input.id = id; input.setAttribute('aria-describedby', `${later.id} ${help.id} ${message.id}`); line.append(input); return input; };
  const say = (text, bad) => {
    message.setAttribute('role', bad ? 'alert' : 'status');
    if (message.textContent !== text) message.textContent = text;
    box.classList.toggle('setting-bad', Boolean(bad && text));
  };
  return {box, line, dress, say, wait: on => { later.hidden = !on; }};
}

/* A number, with a slider where the useful part can be shown. */
function numeric(spec, chosen) {
  const {box, line, dress, say, wait} = frame(spec), field = make('input', 'setting-number');
  const marks = marksOf(spec);
  const slider = spec.slider ? make('input', 'setting-slider') : null;
  Object.assign(field, {type: 'text', inputMode: spec.kind === 'int' ? 'numeric' : 'decimal', autocomplete: 'off', spellcheck: false});
  field.setAttribute('role', 'spinbutton');
  if (slider) {
    slider.type = 'range';
    slider.setAttribute('aria-label', `Slider of ${spec.label}`);
    [slider.min, slider.max, slider.step] = marks ? [0, marks.length - 1, 1] : [spec.slider.low, spec.slider.top, spec.slider.step];
    line.append(slider);
  }
  dress(field);
  function slide(value) {
    if (slider && typeof value === 'number') {
      slider.value = marks ? nearest(marks, value) : value;
      slider.setAttribute('aria-valuetext', words(value));
    }
    field.setAttribute('aria-invalid', String(wrong(spec, value)));
    if (typeof value === 'number') field.setAttribute('aria-valuenow', value);
  }
  /* What a person is told once a value is let go of: that it is refused, or that the slider cannot show it. */
  function judge(value) {
    if (wrong(spec, value)) say(`${spec.label} = ${value === '' ? 'nothing' : value} is refused: it must be ${range(spec)}.`, true);
    else if (slider && spec.slider.top < spec.high && value > spec.slider.top) say(`Beyond the slider, which ends at ${words(spec.slider.top)}; up to ${words(spec.high)} is allowed.`);
    else say('');
  }
  field.addEventListener('input', () => { say(''); chosen(number(field.value), false); });
  field.addEventListener('change', () => chosen(number(field.value), true));
  field.addEventListener('keydown', event => {
    const by = {ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10}[event.key];
    if (event.key === 'Enter') chosen(number(field.value), true);
    if (!by) return;
    event.preventDefault();
    const value = number(field.value);
    if (typeof value === 'number') { field.value = stepped(spec, value, by); chosen(number(field.value), true); }
  });
  slider?.addEventListener('input', () => {
    field.value = marks ? marks[Number(slider.value)] : tidy(Number(slider.value));
    say('');
    chosen(number(field.value), false);
  });
  slider?.addEventListener('change', () => chosen(number(field.value), true));
  return {box, say, wait, judge, show(value) {
    if (value !== number(field.value) || (value === '' && field.value)) field.value = value ?? '';
    slide(value);
  }, lock: on => { field.disabled = on; if (slider) slider.disabled = on; }};
}

/* One of several. */
function choice(spec, chosen) {
  const {box, dress, say, wait} = frame(spec), select = make('select', 'setting-choice');
  let options = [], listed = spec.options, held;
  function offer(list) {
    listed = list;
    options = [...listed, ...offered(spec.own, held)];
    select.replaceChildren(...options.map(([title]) => make('option', '', title)));
    select.selectedIndex = options.findIndex(option => option[1] === held);
  }
  offer(spec.options);
  if (spec.own.length) whenOwn(() => offer(listed));
  dress(select);
  select.addEventListener('change', () => chosen(options[select.selectedIndex][1], true));
  return {box, say, wait, judge: () => say(''), offer, show(value) {
            held = value;
            if (kindOf(value) && !options.some(option => option[1] === value)) offer(listed);
            select.selectedIndex = options.findIndex(option => option[1] === value);
          },
          lock: on => { select.disabled = on; }};
}

function text(spec, chosen) {
  const {box, dress, say, wait} = frame(spec), field = dress(make('input', 'setting-text'));
  field.type = 'text';
  field.addEventListener('input', () => chosen(field.value, false));
  field.addEventListener('change', () => chosen(field.value, true));
  return {box, say, wait, judge: () => say(''), show(value) { if (field.value !== value) field.value = value ?? ''; }, lock: on => { field.disabled = on; }};
}

export function mount({element, props, server, trigger, watch}) {
  const f = store.form(props.form), root = element.querySelector('.settings');
  let newest = 0, mine = null;
  f.all = props.every_field;

  const group = {
    /* Keeps the component's value true, and tells Python which of its fields changed. */
    publish(changed) {
      mine = {values: store.values(f)};
      props.value = mine;
      changed.filter(name => props.fields.some(spec => spec.name === name)).forEach(name => trigger(`changed_${name}`));
    },
  };

  /* Live settings reach the run at once; of several changes the newest wins. */
  const wanted = {};
  let sending = false;
  async function send() {
    if (sending) return;
    sending = true;
    for (let name; (name = Object.keys(wanted)[0]) !== undefined;) {
      const {run, value} = wanted[name], control = f.fields.get(name);
      delete wanted[name];
      let answer;
      try { answer = await server.change([run, {[name]: value}]); } catch { answer = undefined; }
      if (name in wanted) continue;
      if (answer && !answer.error) control.judge(value);
      else control.say(answer ? `${answer.error}${answer.holds != null ? ` The run goes on with ${answer.holds}.` : ''}` : 'The server did not answer: the run goes on as before.', true);
    }
    sending = false;
  }

  /* Beside a setting that the run that is shown has another value of, and keeps: it waits for another run. */
  function waiting(spec, control) {
    const settings = spec.live ? null : store.settingsOf(lastFrame(props.form)), value = store.current(f, spec.name);
    control.wait(Boolean(settings) && spec.name in settings && settings[spec.name] !== value && (spec.kind === 'choice' || spec.kind === 'text' || !wrong(spec, value)));
  }

  for (const spec of props.fields) {
    f.defaults[spec.name] = spec.default;
    if (spec.by) f.by[spec.name] = spec.by;
    if (spec.when) f.when[spec.name] = spec.when;
    const chosen = (value, done) => {
      store.type(f.name, spec.name, value);
      if (!done) return;
      const frame = spec.live && server.change ? lastFrame(props.form) : null;
      if (frame && ACTIVE.includes(frame.status)) { wanted[spec.name] = {run: frame.run, value}; send(); } else control.judge(value);
    };
    const control = (spec.kind === 'choice' ? choice : spec.kind === 'text' ? text : numeric)(spec, chosen), show = control.show;
    /** @type {any} */ (control).show = (value, on) => { show(value); control.box.hidden = !on || isHidden(spec.name); waiting(spec, control); };
    f.fields.set(spec.name, control);
    root.append(control.box);
  }

  /* What came with the address is checked like what is typed; a choice that there is not is not made. */
  function linked() {
    const asked = fromAddress(f.name);
    for (const spec of props.fields.filter(({name}) => name in asked)) {
      const control = f.fields.get(spec.name), value = spec.kind === 'choice' || spec.kind === 'text' ? String(asked[spec.name]) : asked[spec.name];
      const options = spec.kind === 'choice' ? [...spec.options.map(option => option[1]), ...(kindOf(value) ? [value] : [])] : null;
      if (!options) { if (f.typed[spec.name] === asked[spec.name]) f.typed[spec.name] = value; control.judge(value); continue; }
      const chosen = options.find(option => String(option) === value);
      if (f.typed[spec.name] === asked[spec.name]) { if (chosen === undefined) delete f.typed[spec.name]; else f.typed[spec.name] = chosen; }
      if (chosen === undefined) control.say(`${spec.label} = ${value.slice(0, 40)} is refused: it must be one of ${options.join(', ')}.`, true);
    }
    const unknown = Object.keys(asked).filter(name => !f.all.includes(name));
    if (!unknown.length || root.closest('.instrument-form')?.querySelector('.settings-unknown')) return;
    root.prepend(Object.assign(make('div', 'setting-message settings-unknown', `The address sets ${unknown.join(', ')}, which ${unknown.length > 1 ? 'are no settings' : 'is no setting'} here.`)));
  }

  /* What Python wrote, once; Gradio also writes old values again, when a tab is opened for the first time. */
  function hear(value) {
    if (!value || !(value.at > newest)) return;
    newest = value.at;
    Object.entries(value.options || {}).forEach(([name, list]) => f.fields.get(name)?.offer(list));
    if (value.locked) f.fields.forEach((control, name) => control.lock(value.locked.includes(name)));
    store.tell(f.name, value.values || {});
  }
  let seen = null;
  const leave = subscribe(props.form, frame => {
    if (!element.isConnected && seen) { setTimeout(() => { if (!element.isConnected) leave(); }, 5000); return; }
    const settings = store.settingsOf(frame), key = JSON.stringify(settings);
    if (key === seen) return;
    seen = key;
    props.fields.forEach(spec => waiting(spec, f.fields.get(spec.name)));
  });
  f.fields.forEach((control, name) => control.show(store.current(f, name), store.applies(f, name)));
  hear(props.value);
  linked();
  f.groups.add(group);
  group.publish(props.fields.map(spec => spec.name).filter(name => store.current(f, name) !== f.defaults[name]));
  watch('value', () => {
    hear(props.value);
    if (props.value !== mine) props.value = mine;
  });
}
