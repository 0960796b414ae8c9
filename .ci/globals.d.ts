/** What scripts outside the modules leave on the page. */
interface Window {
  Plotly?: any;
  playgroundPage?: any;
}
