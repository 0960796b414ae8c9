/* Shows the value set from Python: {image, title, description, facts}. Everything is text, nothing is markup. Tells `own/open` the button for own data. */
import {tell} from '../lib/bus.js';

export function mount({element, props, watch}) {
  const image = element.querySelector('img'), facts = element.querySelector('dl');

  function draw() {
    const value = props.value || {title: 'Data', facts: {}};
    element.querySelector('.pg-title').textContent = value.title || 'Data';
    element.querySelector('p').textContent = value.description || '';
    image.hidden = !value.image;
    if (value.image) { image.src = new URL(value.image, document.baseURI); image.alt = `Examples of ${value.title}`; }
    facts.replaceChildren(...Object.entries(value.facts || {}).flatMap(([name, text]) => {
      const term = document.createElement('dt'), description = document.createElement('dd');
      term.textContent = name;
      description.textContent = text;
      return [term, description];
    }));
  }

  const own = element.querySelector('[data-own]');
  own.addEventListener('click', () => tell('own/open', own));
  watch('value', draw);

  draw();
}
