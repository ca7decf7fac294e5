/** The acceptance suite of the `Disk` port: the memory twin and the real disk both pass it whole. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Disk } from '../../src/ports.ts'

export interface DiskFixture {
  readonly disk: Disk
  /** Leaves a file outside the home, on the same file system; gives its absolute path. */
  leave(name: string, bytes: Uint8Array): Promise<string>
  /** The same home, as a new process finds it after this one died. */
  again(): Promise<Disk>
  close(): Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | null): string | null => (value === null ? null : new TextDecoder().decode(value))

export function diskContract(name: string, make: () => Promise<DiskFixture>): void {
  describe(`the disk contract: ${name}`, () => {
    let fixture: DiskFixture
    let disk: Disk
    beforeEach(async () => {
      fixture = await make()
      disk = fixture.disk
    })
    afterEach(() => fixture.close())

    it('gives back what was put, whole, also after a restart', async () => {
      await disk.put('state', bytes('one'))
      await disk.put('a/b/c', bytes('deep'))
      await disk.put('empty', new Uint8Array())
      for (const one of [disk, await fixture.again()]) {
        expect(text(await one.get('state'))).toBe('one')
        expect(text(await one.get('a/b/c'))).toBe('deep')
        expect(await one.get('empty')).toEqual(new Uint8Array())
      }
    })

    it('replaces a file as a whole', async () => {
      await disk.put('state', bytes('a longer first version'))
      await disk.put('state', bytes('short'))
      expect(text(await disk.get('state'))).toBe('short')
    })

    it('keeps the call order of puts of one name', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => disk.put('state', bytes(String(i).repeat(50 - i)))))
      expect(text(await disk.get('state'))).toBe('49')
    })

    it('has null for the content and size of what is not there, and rejects a read of it', async () => {
      expect(await disk.get('nothing')).toBeNull()
      expect(await disk.get('no/such/folder')).toBeNull()
      expect(await disk.size('nothing')).toBeNull()
      await expect(disk.read('nothing', 0, 1)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('does not share memory with its caller', async () => {
      const mine = bytes('abc')
      await disk.put('x', mine)
      mine[0] = 0
      const read = await disk.read('x', 0, 3)
      read[1] = 0
      expect(text(await disk.get('x'))).toBe('abc')
    })

    it('reads ranges, short only at the end', async () => {
      await disk.put('x', bytes('0123456789'))
      expect(text(await disk.read('x', 0, 4))).toBe('0123')
      expect(text(await disk.read('x', 8, 100))).toBe('89')
      expect(text(await disk.read('x', 10, 5))).toBe('')
      expect(text(await disk.read('x', 50, 5))).toBe('')
      expect(await disk.size('x')).toBe(10)
    })

    it('appends in call order, also many at once, and goes on after a restart', async () => {
      const lines = Array.from({ length: 200 }, (_, i) => `line ${i}\n`)
      await Promise.all(lines.map((line) => disk.append('journal/log', bytes(line))))
      const again = await fixture.again()
      await again.append('journal/log', bytes('more\n'))
      expect(text(await again.get('journal/log'))).toBe(`${lines.join('')}more\n`)
    })

    it('keeps two logs apart', async () => {
      await Promise.all([disk.append('a', bytes('1')), disk.append('b', bytes('2')), disk.append('a', bytes('3'))])
      expect(text(await disk.get('a'))).toBe('13')
      expect(text(await disk.get('b'))).toBe('2')
    })

    it('gives a created file its name only when it is committed', async () => {
      const writer = await disk.create('runs/run-1')
      await writer.write(bytes('first '))
      await writer.write(bytes('second'))
      expect(await disk.get('runs/run-1')).toBeNull()
      expect(await disk.list('runs')).toEqual([])
      await writer.commit()
      expect(text(await disk.get('runs/run-1'))).toBe('first second')
    })

    it('forgets a file that was discarded, or never committed', async () => {
      const discarded = await disk.create('runs/run-1')
      await discarded.write(bytes('x'))
      await discarded.discard()
      await discarded.discard()
      const dangling = await disk.create('runs/run-2')
      await dangling.write(bytes('x'))
      const again = await fixture.again()
      expect(await again.list('runs')).toEqual([])
      await dangling.discard()
      await expect(discarded.write(bytes('y'))).rejects.toThrow('commit or discard')
    })

    it('adopts a finished file of the right size', async () => {
      const from = await fixture.leave('output', bytes('run'))
      await disk.adopt(from, 'job/run-0', 3)
      expect(text(await disk.get('job/run-0'))).toBe('run')
      await expect(disk.adopt(from, 'job/run-1', 3)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('refuses a file of another size, and leaves it where it is', async () => {
      const from = await fixture.leave('output', bytes('run'))
      await expect(disk.adopt(from, 'job/run-0', 4)).rejects.toThrow('it should be a file of 4 bytes, and has 3')
      expect(await disk.get('job/run-0')).toBeNull()
      await disk.adopt(from, 'job/run-0', 3)
    })

    it('adopts a file of its own home', async () => {
      await disk.put('slots/1/part', bytes('part'))
      await disk.adopt(disk.path('slots/1/part'), 'job/part-0', 4)
      expect(await disk.get('slots/1/part')).toBeNull()
      expect(text(await disk.get('job/part-0'))).toBe('part')
    })

    it('lists the direct entries of a folder, in order', async () => {
      await disk.put('jobs/b/record', bytes('x'))
      await disk.put('jobs/a/record', bytes('x'))
      await disk.put('jobs/index', bytes('x'))
      expect(await disk.list('jobs')).toEqual(['a', 'b', 'index'])
      expect(await disk.list('jobs/a')).toEqual(['record'])
      expect(await disk.list('')).toEqual(['jobs'])
      expect(await disk.list('none')).toEqual([])
    })

    it('removes a file, or a folder with all in it', async () => {
      await disk.put('jobs/a/record', bytes('x'))
      await disk.put('jobs/a/runs/1', bytes('x'))
      await disk.put('jobs/ab', bytes('x'))
      await disk.remove('jobs/a')
      await disk.remove('jobs/a')
      await disk.remove('never')
      expect(await disk.list('jobs')).toEqual(['ab'])
      await disk.remove('jobs/ab')
      expect(await disk.get('jobs/ab')).toBeNull()
      await disk.put('jobs/a/record', bytes('again'))
      expect(text(await disk.get('jobs/a/record'))).toBe('again')
    })

    it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', './a', 'a/', '.tmp/1', 'a\0b'])(
      'takes %j for a bug, not for a name',
      async (bad) => {
        await expect(disk.put(bad, bytes('x'))).rejects.toThrow('a plain relative name')
        await expect((async () => disk.path(bad))()).rejects.toThrow('a plain relative name')
      },
    )
  })
}
