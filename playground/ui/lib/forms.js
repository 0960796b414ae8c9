/* What the forms of the page hold, in one place, so that a button can send it: what a person types counts from the key
   press on, whatever Gradio writes into a component afterwards.

   A value comes, in this order, from the person, from Python (`sent`), from the run that was found again after a reload
   (`restored`), from the setting's default for the data that are chosen. A restore that arrives late therefore never changes
   what a person chose. What a person chose outlives a reload, as long as the address shows the same run. */
import {fromAddress, write} from './address.js';
import {kindOf} from './own_data.js';

const forms = new Map();

const KEY = 'playground-typed', shown = name => new URL(location.href).searchParams.get(name);
const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) || {}; } catch { return {}; } };
/* What was typed before a reload. */
function recalled(name) {
  const {run, typed} = kept()[name] || {};
  return typed && run === shown(name) ? typed : {};
}
function keep(f) {
  try { sessionStorage.setItem(KEY, JSON.stringify({...kept(), [f.name]: {run: shown(f.name), typed: f.typed}})); } catch { /* full or forbidden: a reload forgets */ }
}

export function form(name) {
  if (!forms.has(name)) {
    forms.set(name, {name, all: [], typed: {...recalled(name), ...fromAddress(name)}, sent: {}, restored: {}, begun: false, defaults: {}, by: {}, when: {}, fields: new Map(), groups: new Set()});
  }
  return forms.get(name);
}

const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
/* The default of a field, which may hang on what `chosen(of)` says of another one. */
function fallback(f, field, chosen) {
  const by = f.by[field], choice = by && chosen(by.of);
  const own = kindOf(choice), kind = own ? `own ${own === 'drawing' ? 'points' : own}` : choice;
  return by && has(by.values, kind) ? by.values[kind] : f.defaults[field];
}
/* What is chosen in a form where defaults hang on it: a setting, or `latents` for the data of a diffusion of latents. */
const chosenIn = f => of => (of === 'dataset' && (current(f, 'diffuse_in') ?? 'data') !== 'data' ? 'latents' : current(f, of));

export function current(f, field) {
  const from = [f.typed, f.sent, f.restored].find(one => has(one, field));
  if (from) return from[field];
  return fallback(f, field, chosenIn(f));
}

/* Does the setting mean something with what else is chosen? `when`: {form, field, any: values, default}. */
export function applies(f, field) {
  const when = f.when[field];
  return !when || when.any.includes(current(form(when.form || f.name), when.field) ?? when.default);
}

/* Only what is not at its default, and known. */
const differing = f => Object.fromEntries(f.all.filter(field => has(f.defaults, field) && applies(f, field) && current(f, field) !== fallback(f, field, chosenIn(f))).map(field => [field, current(f, field)]));

/* {field: value} of one form: all that differs from what Python knows, and all that is on the page. */
export const values = f => Object.fromEntries(f.all.filter(field => current(f, field) !== undefined && applies(f, field)).map(field => [field, current(f, field)]));
/* {form: {field: value}} of the whole page: what a press of any button takes along. */
export const read = () => Object.fromEntries([...forms.values()].map(f => [f.name, values(f)]));

/* Draws the fields of a form anew where what they hold has changed, and tells Python. `before` is what was held. */
function settle(f, before) {
  const changed = f.all.filter(field => current(f, field) !== before[field]);
  for (const other of forms.values()) for (const [field, control] of other.fields) control.show(current(other, field), applies(other, field));
  for (const group of f.groups) group.publish(changed);
}

const snapshot = f => Object.fromEntries(f.all.map(field => [field, current(f, field)]));
function change(f, act) {
  const before = snapshot(f);
  act();
  keep(f);
  write(f.name, differing(f));
  settle(f, before);
}

/* A person chose or typed something. */
export function type(name, field, value) {
  const f = form(name);
  change(f, () => { f.typed[field] = value; });
}
/* Python set something, as a consequence of what a person chose. */
export function tell(name, values_) {
  const f = form(name);
  change(f, () => Object.entries(values_).forEach(([field, value]) => { delete f.typed[field]; f.sent[field] = value; }));
}
/* Everything as it was at the beginning, but for `values`: a lesson sets the form up. Whatever is restored later changes nothing of it. */
export function reset(name, values_) {
  const f = form(name);
  change(f, () => { Object.assign(f, {typed: {}, restored: {}, sent: {...values_}, begun: true}); });
}
const whereOf = config => (config.autoencoder ? config.autoencoder.model : 'data');
/* The settings of a training that somebody here started, as its form has them; null of any other run. */
export const settingsOf = frame => (frame && !frame.kept && frame.config && frame.config.model ? {...frame.config, diffuse_in: whereOf(frame.config)} : null);
/* The settings of a run that was found again. */
export function restore(name, config) {
  const f = form(name), diffuse_in = whereOf(config);
  if (f.begun) return;
  const chosen = of => (of === 'dataset' && diffuse_in !== 'data' ? 'latents' : config[of]);
  const others = Object.entries(config).filter(([field, value]) => !f.by[field] || value !== fallback(f, field, chosen));
  change(f, () => { f.restored = {...Object.fromEntries(others), diffuse_in}; });
}
/* A run was refused: the field that the sentence begins with says so, too. */
export function refuse(name, sentence) {
  for (const [field, control] of form(name).fields) if (sentence.startsWith(`${field} = `)) control.say(sentence, true);
}
