/** Several zip archives as one, so that a large one need never be in memory whole. */

/** What an archive ends with, where it has no comment: it tells how many files there are, and where their list begins. */
const END_BYTES = 22
const END = { signature: 0x06054b50, filesOnDisk: 8, files: 10, listBytes: 12, listAt: 16 }
const ENTRY = { bytes: 46, nameBytes: 28, extraBytes: 30, commentBytes: 32, at: 42 }

/**
 * Joins archives, none of which has a comment, in their order.
 * @returns pieces that make one archive together; it must stay below 4 GB and 65,536 files
 */
export async function* joinArchives(archives: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const lists: Uint8Array[] = []
  let at = 0
  let files = 0
  for await (const archive of archives) {
    const { list, listAt, count } = listOf(archive)
    lists.push(moved(list, at))
    files += count
    at += listAt
    yield archive.subarray(0, listAt)
  }
  yield* lists
  yield endOf(
    files,
    lists.reduce((sum, { length }) => sum + length, 0),
    at,
  )
}

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength)

const listOf = (archive: Uint8Array) => {
  const view = viewOf(archive.subarray(-END_BYTES))
  const listAt = view.getUint32(END.listAt, true)
  const list = archive.slice(listAt, listAt + view.getUint32(END.listBytes, true))
  return { list, listAt, count: view.getUint16(END.files, true) }
}

/** The list of an archive that begins at `by`: each entry says where its file is. */
const moved = (list: Uint8Array, by: number): Uint8Array => {
  const view = viewOf(list)
  for (let at = 0; at < list.length; ) {
    view.setUint32(at + ENTRY.at, view.getUint32(at + ENTRY.at, true) + by, true)
    const lengths = [ENTRY.nameBytes, ENTRY.extraBytes, ENTRY.commentBytes].map((of) => view.getUint16(at + of, true))
    at += ENTRY.bytes + lengths.reduce((sum, length) => sum + length, 0)
  }
  return list
}

const endOf = (files: number, listBytes: number, listAt: number): Uint8Array => {
  const end = new Uint8Array(END_BYTES)
  const view = viewOf(end)
  view.setUint32(0, END.signature, true)
  view.setUint16(END.filesOnDisk, files, true)
  view.setUint16(END.files, files, true)
  view.setUint32(END.listBytes, listBytes, true)
  view.setUint32(END.listAt, listAt, true)
  return end
}
