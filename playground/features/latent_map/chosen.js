/* What a person chose on a map stands in the page's address where it is not as usual: ?vae.map.layout=tsne&vae.map.holes=on. The layout is the run's, for
   all who watch it: the address says which one is shown, and a run that is new here is asked for it. */
import {said, write} from '../../ui/lib/address.js';

export const METHODS = {raw: 'raw axes', pca: 'PCA', tsne: 't-SNE', umap: 'UMAP'};
export const NONLINEAR = ['tsne', 'umap'];
const USUAL = {perplexity: 30, seed: 0};
const between = (low, high) => ({words: `a whole number from ${low} to ${high}`, fits: value => Number.isInteger(value) && value >= low && value <= high});
const oneOf = (...values) => ({words: values.length > 1 ? `one of ${values.join(', ')}` : values[0], fits: value => values.includes(value)});
const FIELDS = {
  layout: oneOf(...Object.keys(METHODS)), dims: oneOf(2, 3), perplexity: between(5, 100), seed: between(0, 9999), drag: oneOf('decodes', 'moves'), holes: oneOf('on'),
  colour: {words: 'error, kl, split or factor:NAME', fits: value => /^(error|kl|split|factor:.+)$/.test(value)},
};
const OF_POSTERIOR = {ellipses: oneOf('on'), prior: oneOf('off')};

/* What an address asks for, as far as there is such a thing: {chosen, refused: a sentence or ''}. */
export function checked(asked, posterior) {
  const fields = posterior ? {...FIELDS, ...OF_POSTERIOR} : FIELDS, known = Object.keys(asked).filter(name => Object.hasOwn(fields, name));
  const wrong = known.filter(name => !fields[name].fits(asked[name])), unknown = Object.keys(asked).filter(name => !known.includes(name));
  return {
    chosen: Object.fromEntries(known.filter(name => !wrong.includes(name)).map(name => [name, asked[name]])),
    refused: [...wrong.map(name => `The address asks for ${name} = ${String(asked[name]).slice(0, 40)}, which the map has not: it would be ${fields[name].words}.`),
              ...(unknown.length ? [`The address asks for ${unknown.join(', ')}, of which the map knows nothing.`] : [])].join(' '),
  };
}

const usual = offered => (offered.raw && offered.raw[0] === 2 ? 'raw' : 'pca');
/* One of the numbers of dimensions `sizes` of a layout: `dims`, else the plane. */
export const sized = (sizes, dims) => [dims, 2].find(one => sizes.includes(one)) ?? sizes[0];

/* How a map is laid out, as far as it is not usual for its run. */
export function layoutOf({method, dims, perplexity, seed, choices}) {
  const numbers = NONLINEAR.includes(method) ? {perplexity, seed} : {};
  return {...(method === usual(choices) ? {} : {layout: method}), ...(dims === sized(choices[method] || [2], 2) ? {} : {dims}),
          ...Object.fromEntries(Object.entries(numbers).filter(([name, value]) => value !== USUAL[name]))};
}
/* What is to be asked so that the map `payload` is laid out as `chosen`; null where it is so, or where its run has no such layout. */
export function wish(chosen, payload) {
  const {layout: method = usual(payload.choices), dims, perplexity, seed} = {...USUAL, ...chosen}, sizes = payload.choices[method];
  if (!sizes || !['layout', 'dims'].some(name => name in chosen)) return null;
  const asked = {method, dims: sized(sizes, dims), perplexity, seed};
  return Object.entries(asked).some(([name, value]) => payload[name] !== value && (NONLINEAR.includes(method) || !(name in USUAL))) ? asked : null;
}

/* The choices of a tab's map: `is` what they are, `set({name: value})` others, where null is as usual. */
export function makeChosen(tab, posterior) {
  const form = `${tab}.map`, {chosen, refused} = checked(said(form), posterior);
  return {
    is: chosen, refused,
    set(values) {
      const before = JSON.stringify(chosen);
      Object.entries(values).forEach(([name, value]) => { if (value == null) delete chosen[name]; else chosen[name] = value; });
      if (JSON.stringify(chosen) !== before) write(form, chosen);
    },
  };
}
