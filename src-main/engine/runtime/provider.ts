/** Which execution provider runs the models, and why. */
import * as ort from 'onnxruntime-node'

export const providerNames = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const
export type ProviderName = (typeof providerNames)[number]

export interface Provider {
  readonly name: ProviderName
  /** Why this one, in a sentence for the user. */
  readonly reason: string
}

export async function selectProvider(options: { provider?: ProviderName; allowSoftware?: boolean }): Promise<Provider> {
  void ort.listSupportedBackends()
  return { name: options.provider ?? 'cpu', reason: 'asked for' }
}
