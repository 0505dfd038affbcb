import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The address in the latest mail of that subject that holds one, once the registry has put it into its folder. */
export async function linkInMail(data: string, subject: string): Promise<string> {
  const folder = join(data, 'mail');
  for (let tries = 0; tries < 200; tries++) {
    const names = await readdir(folder).catch(() => []);
    // Not those that are still being written, which have another name the next moment.
    const mails = names.filter((name) => name.endsWith('.eml'));
    for (const name of mails.sort().reverse()) {
      const text = plain(await readFile(join(folder, name), 'utf8'));
      const link = /http:\/\/\S+\/-\/web\/mail\/[\w/-]+/.exec(text)?.[0];
      if (text.includes(`Subject: ${subject}`) && link) return link;
    }
    await sleep(50);
  }
  throw new Error(`no mail "${subject}" came`);
}

/** Quoted-printable (RFC 2045 §6.7), as far as links and English need it. */
function plain(text: string): string {
  return text.replaceAll('=\r\n', '').replaceAll('=3D', '=');
}
