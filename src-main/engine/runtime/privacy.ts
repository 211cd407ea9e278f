/**
 * Nothing leaves this machine: onnxruntime 1.29 and later send usage statistics to their maker on Linux and macOS, and
 * keep a device id and a queue in the user's cache folder, unless this is set before its first session. Import this
 * beside onnxruntime.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
