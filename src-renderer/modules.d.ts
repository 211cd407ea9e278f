/** What the bundler imports beside code. */
declare module '*.css'
/** Of what is built in, by the bundler. */
declare const LICENCES: readonly { name: string; version: string; licence: string }[]
