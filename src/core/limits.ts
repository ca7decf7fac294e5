import type { Limit } from './limit-names.ts'

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Every bound of Shoal, with its unit in its name and its reason. Those marked *format* enter results or ids:
 * changing one is a new FORMAT_VERSION.
 */
export const FORMAT_VERSION = 3

export const LIMITS: Readonly<Record<Limit, number>> = {
  // ---- records (format)
  /** A key is compared and copied often; no one groups by more than a page of text. */
  keyBytesMax: 64 * KIB,
  /** One record must fit many times into the smallest task memory. */
  valueBytesMax: 32 * MIB,
  recordBytesMax: 32 * MIB,
  /** A combine block is the next so many canonical bytes emitted by one split; it closes with the record that reaches that. */
  combineBlockBytes: 8 * MIB,
  /** Nesting of arrays and objects: deeper is a cycle or an attack on the stack. */
  valueDepthMax: 100,
  /** `n` of the aggregate `top`, whose values are one list in one record: who wants more sorts. */
  topMax: 10_000,

  // ---- plan (format)
  /** Nominal length of a split: long enough to hide a task's start, short enough that a retry is cheap. */
  splitBytes: 64 * MIB,
  /** Small splits of one holder are packed up to this many bytes and this many splits. */
  packBytes: 64 * MIB,
  /** Below this a task's start costs more than its work … */
  packBytesMin: 4 * MIB,
  /** … and above it a holder's data is dealt into about so many tasks, for its slots to share. */
  packTasks: 8,
  packSplitsMax: 512,
  partitionBytes: 64 * MIB,
  partitionsDefaultMax: 256,
  partitionsMax: 4096,
  tasksMax: 100_000,
  /** maps × partitions: the number of runs of a job. */
  runsMax: 10_000_000,
  shardsMax: 1_000_000,
  /** A `sort` job samples one record in so many … */
  sampleEvery: 64,
  /** … and at most so many keys of one split. */
  sampleKeysPerSplit: 1024,

  // ---- manifests
  skipSamplesPerSplit: 10,
  skipSamplesPerJob: 100,
  skipTextBytesMax: 200,
  countersMax: 1000,
  counterNameBytesMax: 200,
  taskLogBytes: 64 * KIB,
  errorTextBytesMax: 4 * KIB,

  // ---- wire
  gossipBytesMax: 15 * KIB,
  /** Coalescing of deltas: 10 messages a second a node keeps signed gossip below a tenth of a core. */
  gossipIntervalMs: 100,
  /** So many may follow one another at once after a time without: a tiny job's output, seal and reports. */
  gossipBurst: 5,
  /** Up to so many peers, all of them connected, are told directly: nothing is signed for it, and nobody hears it twice. */
  directPeersMax: 16,
  /** What is told directly is so many times cheaper, and may be said as many times as often. */
  directFactor: 5,
  heartbeatMs: 500,
  /** How often the control plane looks at its clock. */
  tickMs: 50,
  /** A mesh in which nothing has changed for so long is quiet: longer than what was said last takes to reach everybody … */
  quietAfterMs: 3_000,
  /** … and then heartbeats, ticks and anti-entropy go at this pace, as messages to each peer instead of signed gossip. */
  quietBeatMs: 1_250,
  /** Who was just met is connected in this time as a rule: a mesh that starts says nothing by gossip until then. */
  meetMs: 3_000,
  /** Who was asked for by gossip says so long by gossip that it lives; who is not heard over a new connection is asked for so long. */
  askedMs: 10_000,
  /** A member that was not heard for so long is asked by gossip to say by gossip that it lives. */
  unheardMs: 2_000,
  /** Members named in one such question; it is asked again. */
  unheardMax: 100,
  /** After an event the control plane goes on at once, unless it did so this recently, for each so many tasks and finished jobs. */
  advanceMs: 5,
  advanceTasks: 1_000,
  /** A tick later than this means that the node itself stood still: it accuses nobody for a while. */
  stallMs: 1_000,
  /** A tick later than this by so much is a strain: half a heartbeat, so that heartbeats begin to bunch up … */
  lagMs: 250,
  /** … each makes the patience with silent members larger by as much as it is at first, so many times … */
  strainMax: 3,
  /** … and it eases by one for each so long without. */
  strainEaseMs: 5_000,
  durationsKept: 100,
  /** A look through all of a job takes about 100 ns for each task and each input of a task; the pause after it, 20 times as long. */
  lookPairsPerMs: 500,
  /** … and at least so long: half a tick. */
  lookMs: 25,
  /** A fruitless search for work likewise: about 1 µs for each task without an output. */
  searchTasksPerMs: 50,
  /** Jobs that are over are looked through so often: for copies of parts whose holders went. */
  lookOverMs: 500,
  /** Proofs of steps take long, and while a job runs nobody waits for the room that its outputs take. */
  releaseMs: 1_000,
  /** A report names all that a node has: one of thousands of tasks is signed, sent and kept less often. */
  reportTasksPerMs: 4,
  syncIntervalMs: 1_000,
  /** Ranges of neighbours by which ledgers are compared: some 3 KiB of hashes at most. */
  syncRanges: 512,
  /** Neighbours of a step that are compared as one, at least. */
  syncRangeTasks: 16,
  stepsMax: 1_000,
  /** A stage has a few steps; its name is part of each message about a task, and of an output's folder. */
  stagesMax: 200,
  stageNameMax: 64,
  /** What one stage may read: stages by alias, and bounds. */
  edgesMax: 33,
  /** Task states of about 250 bytes that fit into one gossip message. */
  deltaTasks: 40,
  /** … and into one over a stream, half a MiB: the messages for all of a job of the largest size fit into the queue to a peer. */
  syncTasks: 2_000,
  pushTriesMax: 20,
  rpcFrameBytesMax: 4 * MIB,
  /** It is part of a frame, with rows and proofs. */
  manifestBytesMax: 3 * MIB,
  /** And one more for each 8 bytes of a message. The largest honest one has a few numbers for each task of a job. */
  cborItemsMax: 1_000_000,
  rpcBodyBytesMax: 256 * MIB,
  rpcTimeoutMs: 10_000,
  /** A few MiB of a shard may take this long over a slow link; one that stands still is given up long before. */
  shardCallMs: 300_000,
  /** Reads of shards for other nodes that go on at once; more wait, so that they take no disk from the node's own tasks. */
  shardReadsMax: 4,
  /** Counts of lines remembered of shards that others read; more are counted anew. */
  lineCountsKept: 100_000,
  /** Two pieces of a shard with no more than this between them come as one: it takes less than one more call. */
  pieceGapBytes: 64 * KIB,
  /** A split that needs more of its shard than this (a compressed file is read whole) is not brought over: it would be again and again. */
  spoolBytesMax: 16 * 1024 * MIB,
  /** Control messages waiting for one peer; more are dropped, anti-entropy says them again. */
  controlQueueMax: 256,
  /** A job's bundle, and its source map: far above any job's own code with its packages. */
  bundleBytesMax: 32 * MIB,
  shuffleFrameBytes: 768 * KIB,
  streamReadBufferBytes: 1 * MIB,
  streamsPerProtocolMax: 64,
  /** Streams of a protocol to a peer that stay open when their work is done, for the next … */
  idleStreamsMax: 4,
  /** … and for how long at least, where there is none. */
  idleStreamMs: 20_000,
  /** A stream on which nothing moves for so long, though something is due, is given up: longer than a slow disk's fsync. */
  streamStillMs: 30_000,
  /** What is pulled is read whole before: at this pace at least, a slow disk's. Who asks waits so much longer. */
  readBytesPerMs: 50_000,
  /** Sends of map output that a node has under way at once, and receptions that it answers READY at once. */
  pushesMax: 4,
  receptionsMax: 8,
  pullsMax: 4,
  /** Files of a batch that are open at once, and made durable together. */
  groupFilesMax: 64,
  /** A push has so much time to come before its run is pulled. */
  pullAfterMs: 1_500,
  retryAfterMs: 500,
  /** The first times it is tried again sooner, after twice as long each time. */
  retrySoonMs: 25,

  // ---- membership
  suspectAfterMs: 2_500,
  awayAfterMs: 5_000,
  /** Each later candidate of a task waits so much longer before it takes over. */
  takeoverStaggerMs: 300,
  /** A node takes tasks off others' lists once it has known the job for so long: three gossips, in which they say what they run. */
  stealAfterMs: 300,
  termMax: 10_000,
  /** Each time a task was taken over from a live owner its next takeover waits twice as long, up to so many times: 30 s become half an hour. */
  overtakenMax: 6,
  membersMax: 1_000,
  /** A node whose count of lives is damaged goes on so far above the last that it still knows of. */
  livesSkipped: 1_000,
  /** A home that was set back is no further behind what peers remember of it: a start every minute for two years. */
  livesAheadMax: 1_000_000,
  /** In one life a node raises its count so often above what peers know; once is enough where nobody else does so too. */
  raisesMax: 4,
  namesBytesMax: 100,

  // ---- tasks
  slotMemoryMin: 96_000_000,
  slotMemoryDefaultMin: 128_000_000,
  taskTimeoutMs: 60_000,
  /** RSS is read so often. */
  memoryWatchMs: 50,
  progressMs: 100,
  /** Backup of a task that stands still. */
  standstillMs: 30_000,
  standstillMinMs: 10_000,
  standstillMedians: 3,
  /** An idle node backs up what runs for longer than so many medians of its kind, and at least so long, many a task is a little longer than others; a node known to be slow is waited for as many times less … */
  backupMedians: 2,
  backupMinMs: 10_000,
  /** Gossip, rounds of anti-entropy and ticks blur how long another's task took by about so much. */
  paceNoiseMs: 500,
  /** A node whose tasks take so many times the median is slow: others that have its shards run those first. */
  slowPace: 2,
  /** … and without a median, what has not moved for so long. */
  backupStillMs: 10_000,
  /** A reduce that could begin waits so long for a slot of its node before one that is idle helps. */
  queuedMs: 1_000,
  /** User-cause failures of one round that end it: so many equal ones, or so many in all. */
  failuresEqual: 2,
  failuresAll: 4,
  deathsAlone: 3,
  failuresPerNode: 32,
  ownFailureBackoffMs: 1_000,
  ownFailureBackoffMaxMs: 15_000,

  // ---- data plane memory
  readChunkBytes: 1 * MIB,
  /** Files up to this are read whole and at once: less is awaited than read … */
  smallFileBytes: 64 * KIB,
  /** … so many before the first is worked on: then the task says once, and not for each, whose time it is … */
  aheadFilesMax: 64,
  /** … or as many as have so much. */
  aheadBytes: 1 * MIB,
  /** Files up to this are not linked to for a task but copied for it, which is less work … */
  packedFileBytes: 16 * KIB,
  /** … where there are so many. */
  packedFilesMin: 4,
  /** A realm that splits share costs as much as five of their own; with fewer it does not pay. */
  sharedSplitsMin: 8,
  mergeFanIn: 64,
  runBlockBytes: 64 * KIB,
  /** Values of a co-group that reduce has passed over and may yet read; more of them go to disk. */
  passedOverBytes: 4 * MIB,

  // ---- input
  scanStillMs: 10_000,
  scanRpcMs: 10_000,
  /** A holder answers a scan by then, with what it has: well before it would be taken for away. */
  scanAnswerMs: 2_000,
  scanPollMs: 100,
  waitForDataPollMs: 1_000,
  /** Members that a new job's record is sent to at once; all others fetch it when they hear of it. */
  putJobPeers: 16,
  recentlyModifiedMs: 60_000,
  csvCutEveryBytes: 16 * MIB,
  /** Read at once beyond a split's end for the rest of its last record, which is short as a rule. */
  splitTailBytes: 64 * KIB,
  /** Decompressed data comes in such pieces, a few in flight: this bounds memory whatever the ratio. */
  decompressedChunkBytes: 256 * KIB,
  /** The largest window that libzstd's decoder takes … */
  zstdWindowMax: 2048 * MIB,
  /** … and what may be kept of it where nobody says how much memory there is: what zstd itself takes unless told otherwise. */
  zstdWindowDefault: 128 * MIB,
  /** A file name or comment in a gzip header; without a bound a damaged one is read to the end of the file. */
  gzipHeaderTextMax: 64 * KIB,
  /** Read at the beginning of each file to see what it is: a hundred lines, and the header of most tables … */
  lookBytes: 64 * KIB,
  /** … and at its end. */
  lookEndBytes: 4 * KIB,
  /** Lines before a CSV's header: a preamble is a page, not a file. */
  skipLinesMax: 10_000,
  /** UTF-16 units of the text that marks a comment line: `#`, `//`, `--`. */
  commentMarkMax: 8,
  /** Texts that stand for null, and UTF-16 units of each: every field is looked up among them. */
  nullTextsMax: 100,
  nullTextMax: 100,
  /** UTF-16 units of an encoding's label; the longest that the Encoding Standard has are 19. */
  encodingLabelMax: 32,
  /** A footer is parsed whole in memory; a larger one would have millions of column chunks. */
  parquetFooterBytesMax: 64 * MIB,
  /** Fields and elements of a footer: a hundred row groups of a thousand columns have so many, and each becomes an object. */
  parquetFooterValuesMax: 4_000_000,
  /** Of these, structs that are kept: two for each column of each row group, some hundred bytes in memory each. */
  parquetFooterStructsMax: 1_000_000,
  /** A value of FIXED_LEN_BYTE_ARRAY, also where it is null: decimals, UUIDs and hashes have some dozen bytes. */
  parquetFixedBytesMax: 64 * 1024,
  /** Bytes of a decimal: 10,000 digits have so many. Longer ones take minutes to be written out. */
  parquetDecimalBytesMax: 4_160,
  /** Elements of a Parquet schema, fields of a CSV header: tables have thousands of columns, not hundreds of thousands. */
  inputColumnsMax: 100_000,
  /** UTF-16 units of the text that tells a Parquet file's columns: some 30,000; of more there is a digest … */
  columnsTextMax: MIB,
  /** … and of all different ones of a directory: every node fetches them with the catalog. */
  columnsTextsMax: 16 * MIB,
  /** Compressed column chunks of a row group that are kept; what is beyond is read again for each piece. */
  parquetKeptBytes: 2 * MIB,
  /** A page is decompressed whole; writers make them about 1 MiB, and DuckDB up to 100 MB. */
  parquetPageBytesMax: 128 * MIB,
  /** Values of a page, which become several times their number in memory: one byte can say that a value comes a million times. */
  parquetPageValuesMax: 16 * MIB,
  /** Rows are decoded in windows that take so much memory, by an estimate; the decoder has them two or three times. */
  parquetWindowBytes: 4 * MIB,
  /** The same in tasks that have room. */
  parquetWindowBytesMax: 32 * MIB,
  /** The same where each value is the longest of its dictionary: a few long texts may be most of the values. */
  parquetWorstBytes: 32 * MIB,
  /** Directories that one node offers; more are better offered by a folder that contains them. */
  rootsMax: 1_000,
  /** PATH_MAX of Linux: a longer path cannot be opened. */
  pathBytesMax: 4_096,
  /** Safe cut points or row groups of one shard; a shard with more is read whole. */
  cutsPerShardMax: 1_000_000,
  /** Shards described (opened, scanned, hashed) at once: one computes while the other waits for its disk. */
  describersMax: 2,
  /** … and of small ones, of which nothing is computed and nothing much is in memory, so many, to keep Node's pool busy. */
  smallDescribersMax: 16,
  /** Changes of a catalog are gathered for so long before they are saved and published. */
  catalogPublishMs: 250,
  /** Offered directories are looked at this often, and at most so large a part of the time as 1 / pollIdleFactor. */
  pollMs: 2_000,
  pollIdleFactor: 20,
  /** While looks find nothing new the pause doubles, up to this much … */
  pollQuietMs: 8_000,
  /** … or, where a look takes long, until they take so small a part of the time, if that is no longer than a minute. */
  pollQuietFactor: 400,
  pollQuietMaxMs: 60_000,

  // ---- output and keeping
  /** Columns of csv, table and parquet, places in the types of parquet: more are data that was taken for field names. */
  outputColumnsMax: 10_000,
  /** An object in a Parquet column with more fields than that over all records is a map: no one names so many by hand. */
  outputFieldsMax: 200,
  /** Arrays and objects within each other in a Parquet column; readers walk them by recursion, and take two levels for each. */
  outputNestingMax: 16,
  /** Least and greatest texts and bytes of a row group are cut to so many: enough to tell URLs and paths apart. */
  outputBoundBytes: 64,
  /** A Parquet row group is written when it has so many rows, or takes about so much memory. */
  outputRowGroupRows: 100_000,
  outputRowGroupBytes: 32 * MIB,
  /** Records that a table shows. */
  tableRows: 40,
  /** A seal runs ahead of the outputs that it is made of by some rounds of anti-entropy; who asks for the result waits so long. */
  outputsKnownMs: 10_000,
  copiesDefault: 2,
  /** Nodes that keep each part which one stage gives to another: losing one node is no reason to begin anew. */
  copiesBetween: 2,
  copiesMax: 16,
  retentionMs: 7 * 24 * 3_600_000,
  /** No finished job makes room for others before that: whoever waits for it fetches its result. */
  keptAtLeastMs: 60_000,
  /** For how long finished jobs are over is saved so often: a life that is shorter does not count. */
  overSaveMs: 60_000,
  /** What finished jobs take on disk is looked at so often, where something changed … */
  measureMs: 5_000,
  /** … and what open jobs take, whose files come and go. */
  measureOpenMs: 60_000,
  /** Manifests and rows in memory that tasks here have read: those of 1,000 maps × 256 partitions are a quarter of it. */
  inputsKeptBytes: 64 * MIB,
  jobsKeptMax: 1_000,
  /** Jobs that a node remembers to have forgotten, the latest ones: more than a node that is away for weeks misses. */
  forgottenKept: 10_000,
  /** Of a job's story: events that wait in memory to be written, and what the file of one job on one node may become. */
  storyEventsWaiting: 5_000,
  storyBytes: 4 * MIB,
  /** What a ledger learns within so long is written at once: a tiny job tells some twenty things in twice that. */
  ledgerGatherMs: 20,
  /** Signed, gathered and written: a report is on disk long before. */
  reportKeptMs: 1_000,
  /** A ledger's log is written anew when it has grown by so much, and by twice what it had to say then … */
  ledgerGrownBytes: 1 * MIB,
  /** … and a finished job's sooner: it may lie for long. */
  ledgerGrownOverBytes: 32 * KIB,

  /** The journal of a job's attempts is written anew when it has grown by so much: ten thousand attempts. */
  journalGrownBytes: 1 * MIB,

  // ---- node
  drainMs: 30_000,
  /** Own addresses, members' addresses and catalogs are looked over so often. */
  sweepMs: 2_000,
  /** … and so often while nothing changes. */
  quietSweepMs: 10_000,
  /** Between two half MiB of a look at all outputs: about a tenth of a disk, and of a core. */
  readAllPauseMs: 10,
  warningsMax: 100,
  /** What the system refused so long ago is over: a refused write is tried again sooner. */
  refusalLastsMs: 60_000,
  readyWaitMs: 10_000,
  dialBackoffMs: 500,
  dialBackoffMaxMs: 15_000,
  sourceUnreachableMs: 10_000,
  /** One address of a peer that swallows packets must not hold up the next. */
  addressDialMs: 3_000,
  /** Addresses remembered of one peer; the oldest makes room. */
  peerAddressesMax: 16,
  /** Relays that a node keeps a reservation with, so that peers that cannot reach it find one that both reach. */
  relaysMax: 8,
  /** Connected peers asked, one after the other, to relay to one that cannot be reached. */
  relayTriesMax: 32,
  /** gossipsub looks after its mesh (who forwards to whom) once a second while anything is published, and else so often. */
  quietGossipMs: 10_000,
  /** A connected peer that gossip does not reach for so long is connected anew. */
  gossipDeafMs: 3_000,
  /** A connection that brought nothing for so long is probed, and is closed when two probes in a row stay unanswered. */
  probeAfterMs: 5_000,
  probeMs: 5_000,
}
