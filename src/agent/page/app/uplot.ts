// Only for the types: the server sends uPlot's own file in place of this one (../server/files.ts).
export { default } from 'uplot';
