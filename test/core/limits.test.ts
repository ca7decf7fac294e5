import { expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'

test.each([
  ['a key fits into a record', LIMITS.keyBytesMax < LIMITS.recordBytesMax],
  ['one late heartbeat is no suspicion', LIMITS.suspectAfterMs >= 4 * LIMITS.heartbeatMs],
  ['one late heartbeat of a quiet node is no suspicion either', LIMITS.suspectAfterMs >= 2 * LIMITS.quietBeatMs],
  ['nobody asks for who is quiet', LIMITS.unheardMs > LIMITS.quietBeatMs],
  ['who is asked for has as long to answer as it was silent before', 2 * LIMITS.unheardMs < LIMITS.awayAfterMs],
  ['suspicion comes before takeover', LIMITS.awayAfterMs > LIMITS.suspectAfterMs],
  ['a frame fits into the read buffer', LIMITS.shuffleFrameBytes < LIMITS.streamReadBufferBytes],
  ['combine blocks fit into the smallest task', LIMITS.combineBlockBytes * 4 < LIMITS.slotMemoryMin],
  ['a holder that scans is not taken for away', LIMITS.scanAnswerMs * 2 < LIMITS.scanRpcMs],
  [
    'a round of anti-entropy can tell all of a job: else the next one would begin with the same tasks',
    (2 * LIMITS.tasksMax) / LIMITS.syncTasks < LIMITS.controlQueueMax,
  ],
  ['a file that was copied for a task is read whole', LIMITS.packedFileBytes <= LIMITS.smallFileBytes],
  ['a full split fits into a pack', LIMITS.packBytes >= LIMITS.splitBytes],
])('bounds agree: %s', (_, holds) => {
  expect(holds).toBe(true)
})
