import { expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { type PackedCrate, packDebianCrates } from '../support/debian-crates.ts';
import { freshHome } from '../support/fresh-home.ts';
import { cargo, configureCargo, writePackage } from '../support/real-cargo.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

test('real crates are published, indexed as cargo itself does it, resolved from here alone, and built', async () => {
  await using registry = await startRegistry();
  await using home = await freshHome();
  const { token } = await signUp(registry.url, 'packager');
  await configureCargo(home, [{ name: 'lab', url: registry.url, token }]);

  const crates = await packDebianCrates(home);
  expect(crates.length).toBeGreaterThan(60);
  for (const crate of crates) await publish(registry, token, crate);
  const different = [];
  for (const crate of crates) {
    const [served, written] = [comparable(await indexLine(registry, crate)), comparable(crate.line)];
    if (JSON.stringify(served) !== JSON.stringify(written)) different.push({ served, written });
  }
  expect(different).toEqual([]);
  // Without these the comparison would say little.
  const dependencies = crates.flatMap(({ line }) => line.deps);
  for (const kind of ['normal', 'dev', 'build'])
    expect(dependencies.some((one) => one.kind === kind)).toBe(true);
  for (const key of ['optional', 'target', 'package'])
    expect(dependencies.some((one) => one[key])).toBe(true);

  const cwd = await writePackage(home, 'program', { lines: manifest, files: { 'src/main.rs': main } });
  const ran = await cargo(home).succeed(['run', '--quiet'], { cwd });
  expect(ran.stdout).toBe('{"name":"serde","versions":["1.0.0","2.1.0-rc.1"]}\n');
  const lock = (await cargo(home).succeed(['tree', '--prefix', 'none', '--edges', 'all'], { cwd })).stdout;
  expect(lock).toContain('serde_derive');
});

async function publish(registry: RunningServer, token: string, { name, version, archive }: PackedCrate) {
  const metadata = Buffer.from(JSON.stringify({ name, vers: version }));
  const lengths = [metadata, archive].map((part) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(part.byteLength);
    return bytes;
  });
  const [first, second] = lengths as [Buffer, Buffer];
  const answer = await fetch(`${registry.url}/cargo/api/v1/crates/new`, {
    method: 'PUT',
    headers: { authorization: token },
    body: new Uint8Array(Buffer.concat([first, metadata, second, archive])),
  });
  expect([name, answer.status, await answer.text()]).toEqual([
    name,
    200,
    expect.stringContaining('warnings'),
  ]);
}

async function indexLine(registry: RunningServer, { path }: PackedCrate) {
  const answer = await fetch(`${registry.url}/cargo/index/${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return JSON.parse((await answer.text()).trimEnd());
}

/**
 * What a line says, in one spelling. cargo's own has both kinds of features in one place and leaves out the time and the
 * version of Rust, and names what only unstable versions of it can read.
 */
// biome-ignore lint/suspicious/noExplicitAny: lines of an index
function comparable(line: any) {
  const { name, vers, cksum, links = null, yanked, features, features2 } = line;
  const all = Object.entries({ ...features, ...features2 }).sort(([a], [b]) => (a < b ? -1 : 1));
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const deps = line.deps.map(({ public: _, artifact, bindep_target, lib, ...dep }: any) =>
    Object.fromEntries(Object.entries(dep).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return { name, vers, cksum, links, yanked: yanked ?? false, features: all, deps };
}

const manifest = `[dependencies]
anyhow = { version = "1", registry = "lab" }
bitflags = { version = "1", registry = "lab" }
indexmap = { version = "1", registry = "lab" }
itertools = { version = "0.10", registry = "lab" }
semver = { version = "1", registry = "lab", features = ["serde"] }
serde = { version = "1", registry = "lab", features = ["derive"] }
serde_json = { version = "1", registry = "lab" }
small = { package = "smallvec", version = "1", registry = "lab" }
`;

const main = `use itertools::Itertools;
use semver::Version;

bitflags::bitflags! { struct Bits: u8 { const ONE = 1; const TWO = 2; } }

#[derive(serde::Serialize)]
struct Crate { name: String, versions: Vec<Version> }

fn main() -> anyhow::Result<()> {
    assert_eq!((Bits::ONE | Bits::TWO).bits(), 3);
    let texts: small::SmallVec<[&str; 2]> = small::smallvec!["2.1.0-rc.1", "1.0.0"];
    let parsed = texts.iter().map(|text| Version::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut found = indexmap::IndexMap::new();
    found.insert("serde", parsed.into_iter().sorted().collect_vec());
    for (name, versions) in found {
        println!("{}", serde_json::to_string(&Crate { name: name.to_string(), versions })?);
    }
    Ok(())
}
`;
