import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Something on the way to the registry that stops passing on what the client sends after some bytes. */
export async function stallingProxy(port: number, bytes: number) {
  const sockets = new Set<Socket>();
  const stalled = Promise.withResolvers<void>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    let passed = 0;
    upstream.pipe(client);
    client.on('data', (chunk) => {
      upstream.write(chunk);
      passed += chunk.length;
      if (passed < bytes) return;
      client.pause();
      stalled.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stalled: stalled.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
