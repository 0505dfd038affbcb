/**
 * What any registry on Node and SQLite could reach at best: each publish is taken apart, hashed once and written as one
 * row, durably, those that come together in one commit. Nothing is asked, checked, signed, logged or told.
 * `node bench/bare-publish-server.ts <folder>`.
 */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

interface Document {
  readonly name: string;
  readonly versions: Readonly<Record<string, unknown>>;
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

const [folder = ''] = process.argv.slice(2);
const database = new DatabaseSync(join(folder, 'bare.sqlite'));
database.exec('pragma journal_mode = WAL; pragma synchronous = FULL');
database.exec('create table releases (name text unique, digest text, manifest text, archive blob)');
const insert = database.prepare('insert into releases values (?, ?, ?, ?)');

let waiting: { readonly document: Document; readonly response: ServerResponse }[] = [];

function commit(): void {
  const group = waiting;
  waiting = [];
  database.exec('begin immediate');
  for (const { document } of group) {
    const [attachment] = Object.values(document._attachments);
    const archive = Buffer.from(attachment?.data ?? '', 'base64');
    const digest = createHash('sha512').update(archive).digest('hex');
    insert.run(document.name, digest, JSON.stringify(document.versions), archive);
  }
  database.exec('commit');
  for (const { response } of group)
    response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}');
}

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    waiting.push({ document: JSON.parse(Buffer.concat(pieces).toString()) as Document, response });
    if (waiting.length === 1) setImmediate(commit);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
