/**
 * One archive for a Linux machine with a GPU and perhaps nothing else, no network either (docs/gpu.md): the files of this
 * repository, the packages that they need here, the networks, Node itself, and Debian's Vulkan loader with the libraries of X
 * that NVIDIA's driver asks for.
 *
 *   npx tsx scripts/pack-gpu.ts FILE.tar.gz
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const LIBRARIES = ['libvulkan1', 'libx11-6', 'libxext6', 'libxcb1', 'libxau6', 'libxdmcp6', 'libbsd0', 'libmd0']
/** What benchmarks and commands are run with, beside what the product needs. */
const TOOLS = ['tsx']
/** Sets what the archive brings before what the machine has, and shows the driver of a container that lists none. */
const RUN = `#!/bin/sh
# Runs TypeScript of the folder around this one: ./gpu/run bench/bench.ts gpu
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if [ -z "\${VK_ICD_FILENAMES:-}" ] && ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then
  export VK_ICD_FILENAMES="$here/nvidia.json"
fi
cd "$here/.." && exec "$here/bin/node" --import tsx "$@"
`
const NVIDIA = { file_format_version: '1.0.0', ICD: { library_path: 'libGLX_nvidia.so.0', api_version: '1.3.0' } }

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Folders of the packages that the product and the tools need, as far as they are installed here. */
function neededPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const needed = new Set<string>()
  /** As Node resolves it: in the package's own folder, or in one around it. */
  const find = (from: string, name: string): string | undefined => {
    const path = `${from}${from && '/'}node_modules/${name}`
    if (packages[path]) return path
    return from === '' ? undefined : find(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name)
  }
  const take = (from: string, names: readonly string[]) => {
    for (const name of names) {
      const path = find(from, name)
      if (!path || needed.has(path) || !existsSync(join(ROOT, path))) continue
      needed.add(path)
      const { dependencies, optionalDependencies } = packages[path]
      take(path, Object.keys({ ...dependencies, ...optionalDependencies }))
    }
  }
  take('', [...Object.keys(packages[''].dependencies ?? {}), ...TOOLS])
  // A folder brings what lies in it.
  return [...needed].filter((path) => !path.includes('/node_modules/'))
}

/** Shared libraries of a Debian package: of the one that is installed, or else fetched. */
function librariesOf(name: string, folder: string): string[] {
  const listed = () => execFileSync('dpkg', ['-L', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    return sharedObjects(listed().split('\n'))
  } catch {
    execFileSync('apt-get', ['download', name], { cwd: folder, stdio: 'inherit' })
    const into = join(folder, name)
    execFileSync('sh', ['-c', `dpkg-deb -x ${name}_*.deb ${into}`], { cwd: folder })
    return sharedObjects(execFileSync('find', [into], { encoding: 'utf8' }).split('\n'))
  }
}

const sharedObjects = (paths: readonly string[]) => paths.filter((path) => /\.so\.\d+$/.test(path))

const [file] = process.argv.slice(2)
if (!file) throw new Error('pack-gpu: which file? npx tsx scripts/pack-gpu.ts FILE.tar.gz')
const stage = mkdtempSync(join(tmpdir(), 'halfturn-pack-'))
const gpu = join(stage, 'gpu')
const fetched = join(stage, 'fetched')
for (const folder of [join(gpu, 'bin'), join(gpu, 'lib'), fetched]) mkdirSync(folder, { recursive: true })
copyFileSync(process.execPath, join(gpu, 'bin', 'node'))
for (const name of LIBRARIES) {
  for (const path of librariesOf(name, fetched)) copyFileSync(path, join(gpu, 'lib', basename(path)))
}
writeFileSync(join(gpu, 'run'), RUN)
chmodSync(join(gpu, 'run'), 0o755)
writeFileSync(join(gpu, 'nvidia.json'), JSON.stringify(NVIDIA))

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
const files = [...tracked, 'resources/networks', ...neededPackages()].filter((path) => existsSync(join(ROOT, path)))
const foreign = ['darwin', 'win32', process.arch === 'x64' ? 'linux/arm64' : 'linux/x64']
const excluded = foreign.map((system) => `--exclude=node_modules/onnxruntime-node/bin/*/${system}`)
execFileSync('tar', ['-czf', resolve(file), ...excluded, '-C', stage, 'gpu', '-C', ROOT, '-T', '-'], {
  input: files.join('\n'),
  stdio: ['pipe', 'inherit', 'inherit'],
})
rmSync(stage, { recursive: true })
console.log(file)
