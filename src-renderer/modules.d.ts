/** What the bundler imports beside code. */
declare module '*.css'
