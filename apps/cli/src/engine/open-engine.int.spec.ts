import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readEngineFile, writeEngineFile } from '#platform';
import type { Session } from '../session.js';
import { openEngine } from './open-engine.js';

describe('the engine that engine.json names', () => {
  let parent: string;
  let folder: string;
  let server: Server;
  let url: string;
  const asked: string[] = [];
  let answers: () => object;

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'perennial-open-'));
    folder = join(parent, 'data');
    mkdirSync(folder);
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers()));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { nonce, folder: own } = writeEngineFile(folder, { url, pid: process.pid, token: 'local_x' });
    answers = () => ({ nonce, folder: own, log: null });
  });
  afterEach(() => {
    server.close();
    rmSync(parent, { recursive: true });
  });

  const session = { clock: { now: () => 0 }, stderr: process.stderr, signal: new AbortController().signal } as Session;
  const open = (dataDir: string) => openEngine({ dataDir }, session);

  it('is used on its own folder, once it has said which one that is', async () => {
    expect((await open(folder)).place).toContain(url);
    expect(asked).toEqual(['GET /v1/engine']);
  });

  it('is not reached from a copy of its folder: nothing is sent', async () => {
    const copy = join(parent, 'copy');
    cpSync(folder, copy, { recursive: true });
    expect(readEngineFile(copy)?.url).toBe(url);
    await expect(open(copy)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(new RegExp(`but a copy: that engine runs on ${folder}.*Nothing was sent`)),
    });
    expect(asked).toEqual([]);
  });

  it('is not another process at its address', async () => {
    answers = () => ({ nonce: '0'.repeat(32), folder: { path: '/elsewhere', device: 1, inode: 1 }, log: null });
    await expect(open(folder)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('is not the engine of this folder'),
    });
    answers = () => ({ unexpected: true });
    await expect(open(folder)).rejects.toMatchObject({ exitCode: 4 });
  });

  it('is not one that runs on another folder, whose file lies here', async () => {
    const { nonce } = readEngineFile(folder) ?? {};
    answers = () => ({ nonce, folder: { path: '/original', device: 1, inode: 1 }, log: null });
    await expect(open(folder)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('that engine runs on /original'),
    });
  });
});
