/* What an energy distance in pixels does not see. */
/* What a distance in pixels does not see: beside every one that is shown. Figures: tests/test_blindness.py measures them. */
const BLIND = {
  short: 'In pixels it hardly sees blur, a missing class or repeated images.',
  long: 'Energy distance of 1,000 real Fashion-MNIST images to as many others, pixels from 0 to 1: as they are 0.000; one class left out 0.001; '
    + 'blurred by 0.7 px 0.002; 100 images, each ten times 0.004. A small distance proves neither sharpness nor variety: look at the samples, too.',
};
export function blindness() {
  const node = document.createElement('span');
  Object.assign(node, {className: 'pg-blind', textContent: BLIND.short, title: BLIND.long, tabIndex: 0});
  node.setAttribute('aria-label', `${BLIND.short} ${BLIND.long}`);
  return node;
}
