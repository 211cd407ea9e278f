/** The part of protobuf's wire format that writing an ONNX model needs. */

const encoder = new TextEncoder()

/** A message under construction: call the field methods in order, then `bytes`. */
export class ProtobufMessage {
  private readonly chunks: Uint8Array[] = []
  private length = 0

  /** Varint field; negative numbers take ten bytes, as int64 does. */
  int(field: number, value: number | bigint): this {
    return this.tag(field, 0).varint(BigInt(value))
  }

  float(field: number, value: number): this {
    return this.tag(field, 5).push(new Uint8Array(Float32Array.of(value).buffer))
  }

  text(field: number, value: string): this {
    return this.blob(field, encoder.encode(value))
  }

  blob(field: number, value: Uint8Array): this {
    return this.tag(field, 2).varint(BigInt(value.length)).push(value)
  }

  message(field: number, value: ProtobufMessage): this {
    this.tag(field, 2).varint(BigInt(value.length))
    for (const chunk of value.chunks) this.push(chunk)
    return this
  }

  bytes(): Uint8Array {
    const result = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.chunks) {
      result.set(chunk, at)
      at += chunk.length
    }
    return result
  }

  private tag(field: number, wireType: number): this {
    return this.varint(BigInt(field * 8 + wireType))
  }

  private varint(value: bigint): this {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, value)
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    return this.push(Uint8Array.from(bytes))
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk)
    this.length += chunk.length
    return this
  }
}
