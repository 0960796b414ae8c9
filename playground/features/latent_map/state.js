/* What the parts of the latent map share: the newest payload, what the axes show, what is touched and what is switched on. Every
   part is made with this object, and with those other parts that it needs. Payloads: playground/views/positions.py. */
import {asker} from '../../ui/lib/asking.js';
import {fixed} from '../../ui/lib/format.js';
import {makeChosen, METHODS} from './chosen.js';
import {basisOf} from './latents.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').LatentMap} LatentMap */
/** @typedef {import('../../ui/lib/payloads.d.ts').LatentMapStatic} LatentMapStatic */
/** @typedef {import('../../ui/lib/payloads.d.ts').MapFactor} MapFactor */
/** @typedef {Omit<LatentMapStatic, 'labels' | 'factors'> & {from: LatentMapStatic, labels: Uint8Array, factors: Array<Omit<MapFactor, 'values'> & {values: Float32Array}>}} Still */

/** @param {LatentMap} payload */
export const shownAs = payload => payload.shown || payload.method || 'raw';      // `method` is the chosen one
/** @param {LatentMap} payload */
export const shownStep = payload => ({step: payload.of_step ?? payload.step});
export const noPixels = () => ({x: new Float32Array(0), y: new Float32Array(0), depth: null});
export const placeText = place => place.map(v => fixed(v)).join(', ');

export class MapState {
  /** @type {LatentMap | null} */
  source = null;                                             // the newest payload,
  /** @type {{x: Float32Array, y: Float32Array, z?: Float32Array} | null} */
  points = null;                                             // its dots {x, y(, z)},
  /** @type {Still | null} */
  still = null;                                              // what stays for a whole run: labels, factors, thumbnails,
  sheet = null;                                              // and these as an image
  run = null;
  ranges = null;                                             // what the axes show: {x, y, left, width, top, height}
  resets = 0;
  pins = [];                                                 // what is touched: indices,
  probe = null;                                              // {place, note, step} that is decoded,
  pointer = null;                                            // pixels {x, y},
  pressed = null;                                            // and a button that is down
  screen = noPixels();                                       // where the dots stand, in CSS pixels
  draw = {all() {}, over() {}, allSoon() {}, overSoon() {}, frame() {}};   // by latent_map.js
  back = () => {};                                           // to the first view; by latent_map.js
  #words = new Map();

  constructor({element, props, server}) {
    this.element = element;
    this.props = props;
    this.isVAE = props.tab === 'vae';
    this.ask = asker(server, props.tab);
    this.chosen = makeChosen(props.tab, this.isVAE);
    const {drag, holes, ellipses, prior} = this.chosen.is;
    this.on = {decode: drag ? drag === 'decodes' : null, holes: Boolean(holes), ellipses: Boolean(ellipses), prior: !prior};   // `decode` null: nobody chose
    this.body = this.find('.pg-body');
    this.layers = {under: this.find('.map-under'), dots: this.find('.map-dots'), over: this.find('.map-over')};
    Object.values(this.layers).forEach(c => c.getContext('2d', {willReadFrequently: true}));   // main memory: half the cost without a graphics card
  }

  find(selector) { return this.element.querySelector(selector); }
  topic(name) { return `${this.props.tab}/${name}`; }

  get width() { return this.body.clientWidth; }
  get height() { return this.body.clientHeight; }
  /* What a drag does where nobody chose: it decodes in the plane, and in space turns it, which shows the depth. */
  get decodes() { return this.on.decode ?? !this.deep; }
  get deep() { return Boolean(this.source) && this.source.dims === 3; }
  get basis() { return this.source && basisOf(this.source, shownAs(this.source)); }
  get linear() { return Boolean(this.basis); }
  get methodName() { return METHODS[this.source && shownAs(this.source)] || 'This projection'; }
  get ready() { return Boolean(this.points && this.ranges); }

  get isTable() { return Boolean(this.still && this.still.rows); }
  classOf(i) { return this.still && i < this.still.labels.length ? this.still.labels[i] : 0; }
  nameOf(i) { return this.still ? this.still.label_names[this.classOf(i)] || `class ${this.classOf(i)}` : `${this.isTable ? 'row' : 'image'} ${i + 1}`; }
  placeOf(i) {
    const {x, y, z} = this.points;
    return this.deep ? [x[i], y[i], z[i]] : [x[i], y[i]];
  }

  /* Sentences below the map: at most one of each kind. */
  say(kind, sentence) {
    if (sentence) this.#words.set(kind, sentence); else this.#words.delete(kind);
    const message = this.find('.map-message'), text = [...this.#words.values()].join(' ');
    if (message.textContent !== text) message.textContent = text;
  }
  sayNothing() {
    this.#words.clear();
    this.say('', '');
  }
}
