// For its types: the server gives the page uPlot's own file in this one's place (../files.ts).
export { default } from 'uplot';
