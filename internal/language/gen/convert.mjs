// Converts the n-gram tables of the npm package eld to the form that tables.go
// reads. Run by hand when the tables change; no build runs it:
//
//   npm pack eld@2.1.0 && tar xzf eld-2.1.0.tgz
//   node convert.mjs package large ../tables.bin
//
// The arguments are the unpacked package, the size of its tables (extrasmall,
// small, medium, large) and the file to write. The same input gives the same
// bytes.
//
// The file, integers little-endian:
//
//   4 bytes  "LNG1"
//   1 byte   number of languages L
//   2 L      their ISO 639-1 codes, in the order of the tables' index
//   1 byte   b: there are 2^b buckets
//   3(2^b+1) for each bucket the offset of its first record, counted from the
//            end of this list; the last entry is the length of the records
//   records  those of one bucket together, each:
//            1 byte  key length << 5 | number of scores, 31 = see next byte
//            1 byte  number of scores, only when it is 31 or more
//            key     1 to 6 bytes
//            pairs   (language index, score)
//
// A key's bucket is the top b bits of its bytes, read as a little-endian
// uint64, times 0x9E3779B97F4A7C15 modulo 2^64.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [root, size, target] = process.argv.slice(2)
if (!target) throw new Error('usage: node convert.mjs PACKAGE SIZE TARGET')
const load = (file) => import(pathToFileURL(path.resolve(root, 'src', file)))
const { dictionary } = await load('dictionary.js')
const { ngramsData } = await load(`ngrams/${size}.js`)

// The source spells every byte from 0x80 on by one character of its own.
const byteOf = new Map()
dictionary.forEach((character, byte) => {
  if (byte >= 0x80 && character !== ' ') byteOf.set(character, byte)
})
const toBytes = (key) => Array.from(key, (character) => {
  if (byteOf.has(character)) return byteOf.get(character)
  const code = character.codePointAt(0)
  if (code > 0x7f) throw new Error(`key ${JSON.stringify(key)}: no byte for ${character}`)
  return code
})

const bucketBits = 16
const bucketOf = (bytes) => {
  let value = 0n
  bytes.forEach((byte, i) => { value |= BigInt(byte) << BigInt(8 * i) })
  return Number(BigInt.asUintN(64, value * 0x9E3779B97F4A7C15n) >> BigInt(64 - bucketBits))
}
const recordOf = (bytes, scores) => {
  const pairs = Object.keys(scores).map(Number).sort((a, b) => a - b)
  if (bytes.length < 1 || bytes.length > 6 || pairs.length > 255) throw new Error(`key of ${bytes.length} bytes, ${pairs.length} scores`)
  const record = [(bytes.length << 5) | Math.min(pairs.length, 31)]
  if (pairs.length >= 31) record.push(pairs.length)
  record.push(...bytes)
  for (const language of pairs) {
    const score = scores[language]
    if (!Number.isInteger(score) || score < 0 || score > 255) throw new Error(`score ${score}`)
    record.push(language, score)
  }
  return Buffer.from(record)
}

const buckets = Array.from({ length: 1 << bucketBits }, () => [])
for (const [key, scores] of Object.entries(ngramsData.ngrams)) {
  const bytes = toBytes(key)
  buckets[bucketOf(bytes)].push(recordOf(bytes, scores))
}
buckets.forEach((records) => records.sort(Buffer.compare))

const codes = Object.keys(ngramsData.languages).map(Number).sort((a, b) => a - b).map((i) => ngramsData.languages[i])
const head = Buffer.concat([
  Buffer.from('LNG1'), Buffer.from([codes.length]), Buffer.from(codes.join('')), Buffer.from([bucketBits])])
const offsets = Buffer.alloc(3 * (buckets.length + 1))
let offset = 0
buckets.forEach((records, i) => {
  offsets.writeUIntLE(offset, 3 * i, 3)
  for (const record of records) offset += record.length
})
offsets.writeUIntLE(offset, 3 * buckets.length, 3)
fs.writeFileSync(target, Buffer.concat([head, offsets, ...buckets.flat()]))
console.log(`${size}: ${codes.length} languages, ${Object.keys(ngramsData.ngrams).length} keys, ${head.length + offsets.length + offset} bytes`)
