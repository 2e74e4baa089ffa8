/**
 * What is read from any client socket lands here and is used up before the next read: libuv asks for the buffer, reads
 * and hands over in one go. One buffer for all connections keeps memory flat and spares the garbage collector.
 */
export const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)
