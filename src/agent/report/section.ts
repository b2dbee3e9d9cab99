/** A section of the page: its heading, what it is about, and its contents. */
export function section(title: string, about: string, body: string): string {
  return `<section>\n<h2>${title}</h2>\n<p>${about}</p>\n${body}\n</section>`;
}

/** What stands in place of contents that there are none of. */
export function none(text: string): string {
  return `<p class="none">${text}</p>`;
}
