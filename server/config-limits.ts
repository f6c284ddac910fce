/** Settings of limits: sizes, counts and rates. */

export interface Limits {
  /** Largest live update. */
  readonly updateBytes: number
  /** Largest step 2, so the largest frame of all. */
  readonly syncBytes: number
  /** Largest page. */
  readonly pageBytes: number
  /** What this process holds uncommitted before writers are not read. */
  readonly unsavedBytes: number
  /** Half-received frames of all sockets. */
  readonly partialBytes: number
  /** Sockets that wait for their room at once. */
  readonly waitingSockets: number
  /** Memory of rooms that nobody has open. */
  readonly idleRoomBytes: number
  /** Presence of one client. */
  readonly presenceBytes: number
  /** One picture, and all pictures of a story. */
  readonly assetBytes: number
  readonly storyAssetBytes: number
  /** The headers of one request. */
  readonly headerBytes: number
  /** Sockets, and rooms of a user; 0: any number. */
  readonly sockets: {
    readonly perUser: number
    readonly perRoom: number
    readonly perAddress: number
    readonly roomsPerUser: number
  }
  /** Messages and bytes a second; 0: as many as come. */
  readonly rates: { readonly socket: Rate; readonly user: Rate; readonly room: Rate }
}

interface Rate {
  readonly messages: number
  readonly bytes: number
}

const MEGABYTE = 1024 * 1024
const MANY = 1_000_000_000

type Whole = (name: string, fallback: number, least: number, most: number) => number

/** Reads the settings that begin with `MAX_` and `RATE_`. @param whole gives a setting, and notes its faults */
export const readLimits = (whole: Whole, faults: string[]): Limits => {
  const rate = (name: string, messages: number, bytes: number): Rate => ({
    messages: whole(`RATE_${name}_MESSAGES`, messages, 0, MANY),
    bytes: whole(`RATE_${name}_BYTES`, bytes, 0, 1024 * MANY),
  })
  const limits: Limits = {
    updateBytes: whole('MAX_UPDATE_BYTES', MEGABYTE, 1024, 64 * MEGABYTE),
    syncBytes: whole('MAX_SYNC_BYTES', 32 * MEGABYTE, 1024, 512 * MEGABYTE),
    pageBytes: whole('MAX_PAGE_BYTES', 64 * MEGABYTE, 1024, 1024 * MEGABYTE),
    unsavedBytes: whole('MAX_UNSAVED_BYTES', 64 * MEGABYTE, 1024, 16_384 * MEGABYTE),
    partialBytes: whole('MAX_PARTIAL_BYTES', 128 * MEGABYTE, MEGABYTE, 16_384 * MEGABYTE),
    waitingSockets: whole('MAX_WAITING_SOCKETS', 2000, 1, MANY),
    idleRoomBytes: whole('MAX_IDLE_ROOM_BYTES', 64 * MEGABYTE, 0, 65_536 * MEGABYTE),
    presenceBytes: whole('MAX_PRESENCE_BYTES', 4096, 64, MEGABYTE),
    assetBytes: whole('MAX_ASSET_BYTES', 5 * MEGABYTE, 1024, 512 * MEGABYTE),
    storyAssetBytes: whole('MAX_STORY_ASSET_BYTES', 200 * MEGABYTE, 1024, 16_384 * MEGABYTE),
    headerBytes: whole('MAX_HEADER_BYTES', 16_384, 2048, MEGABYTE),
    sockets: {
      perUser: whole('MAX_USER_SOCKETS', 200, 0, MANY),
      perRoom: whole('MAX_PAGE_SOCKETS', 5000, 0, MANY),
      perAddress: whole('MAX_ADDRESS_SOCKETS', 2000, 0, MANY),
      roomsPerUser: whole('MAX_USER_PAGES', 200, 0, MANY),
    },
    rates: {
      socket: rate('SOCKET', 2000, 4 * MEGABYTE),
      user: rate('USER', 4000, 16 * MEGABYTE),
      room: rate('PAGE', 10_000, 32 * MEGABYTE),
    },
  }
  if (limits.syncBytes < limits.updateBytes) faults.push('MAX_SYNC_BYTES is less than MAX_UPDATE_BYTES')
  if (limits.storyAssetBytes < limits.assetBytes) faults.push('MAX_STORY_ASSET_BYTES is less than MAX_ASSET_BYTES')
  if (limits.partialBytes < limits.syncBytes) faults.push('MAX_PARTIAL_BYTES is less than MAX_SYNC_BYTES')
  return limits
}
