import type { Store } from './stores.ts'

/** Writes a row past the service, which would refuse it, as the service writes one. */
export const smuggle = async (store: Store, roomId: string, data: Uint8Array): Promise<void> => {
  await store.query(
    `WITH grown AS (
       UPDATE scriptorium.room SET seq = seq + 1, updated_at = greatest(statement_timestamp(), updated_at)
       WHERE room_id = $1 RETURNING seq, updated_at
     )
     INSERT INTO scriptorium.update (room_id, seq, part, batch, at, data)
     SELECT $1, seq, 0, gen_random_uuid(), updated_at, $2 FROM grown`,
    [roomId, Buffer.from(data)],
  )
}
