// Long conversations, made as a page makes them: by the server function that sends a message.

import { type Page, expect } from '@playwright/test';

/** Sends so many questions, each of which is answered. Returns the conversation's path. The page must be signed in. */
export async function longConversation({ request }: Page, questions: number): Promise<string> {
  const conversation = newId('conv');
  let parent: string | null = null;
  for (let at = 1; at <= questions; at += 1) {
    const sending = { conversation, opens: at === 1, parent, id: newId('msg'), text: `Question ${at}`, model: 'quick/demo-fails' };
    const send = async () => {
      const answer = await request.post('/api/2/send', { data: { sending } });
      if (answer.ok()) parent = (await answer.json()).messages.at(-1)?.id ?? parent;
      return answer.status();
    };
    // 409 means that the last reply still runs.
    await expect.poll(send, { intervals: [10, 20] }).not.toBe(409);
    expect(await send(), 'sending it again succeeds, too').toBe(200);
  }
  return `/c/${conversation}`;
}

/** A new TypeID: the prefix, and a UUIDv7 in Crockford's base 32. */
function newId(prefix: string): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  let uuid = random.reduce((bits, byte) => (bits << 8n) | BigInt(byte), BigInt(Date.now()));
  uuid = (uuid & ~(0xfn << 76n)) | (7n << 76n);
  uuid = (uuid & ~(3n << 62n)) | (2n << 62n);
  let text = '';
  for (let at = 125n; at >= 0n; at -= 5n) text += '0123456789abcdefghjkmnpqrstvwxyz'[Number((uuid >> at) & 31n)];
  return `${prefix}_${text}`;
}
