using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Sockets;

/// <summary>
/// Sends one content to a socket in the cheapest way: a file by <c>sendfile(2)</c>, what arrives on another socket by <c>splice(2)</c>
/// through a pipe, memory by <c>send(2)</c>. HTTP and FTP send every body by it.
/// </summary>
/// <remarks>
/// Each call sends a piece of at least one byte, waiting for room if there is none, so that the caller can count and stop between pieces. A
/// sender that never has to wait yields to the other sockets of its loop after each <see cref="MaxPieceBytes"/>. One call at a time.
/// </remarks>
/// <param name="socket">Owned by the caller.</param>
/// <param name="sendsByKernel">False: files are read and sent from memory, as where the kernel has no better way.</param>
public sealed class SocketSender(LoopSocket socket, bool sendsByKernel = true) : IDisposable
{
    /// <summary>The maximum of one system call: its cost no longer counts, and other sockets wait for less than a millisecond.</summary>
    public const int MaxPieceBytes = 2 * 1024 * 1024;

    /// <summary>The size of a piece that is read and sent from memory.</summary>
    private const int CopyBytes = 256 * 1024;

    private readonly bool _sendsByKernel = sendsByKernel && SendFile.IsAvailable;
    private KernelPipe? _pipe;
    private bool _holdsBackPartialSegments;
    private int _sinceYield;

    /// <summary>Bytes in the pipe that <see cref="DrainAsync"/> has to send before anything else.</summary>
    public int Pending { get; private set; }

    /// <summary>The file ends before the bytes that were promised of it.</summary>
    public static EndOfStreamException BecameShorter() => new("the file became shorter while it was sent");

    /// <summary>Sends the next bytes of a file.</summary>
    /// <param name="file">A regular file. Its position is not used.</param>
    /// <param name="offset">Where the bytes begin.</param>
    /// <param name="length">The number of all bytes that remain of the content, at least 1.</param>
    /// <param name="cancellationToken">Ends a wait.</param>
    /// <returns>The number of bytes that were sent, at least 1.</returns>
    /// <exception cref="EndOfStreamException">The file ends before <paramref name="offset"/>.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <inheritdoc cref="SendAsync"/>
    public async ValueTask<int> SendFileAsync(SafeFileHandle file, long offset, long length, CancellationToken cancellationToken)
    {
        // The next piece follows at once: partial segments wait for it.
        if (length > MaxPieceBytes) HoldBackPartialSegments(true);
        int sent;
        while (true)
        {
            await BlockingWork.WaitForTurnAsync(cancellationToken);
            sent = _sendsByKernel ? SendFile.Send(socket.Handle, file, offset, (int)Math.Min(length, MaxPieceBytes)) : SendFile.Unsupported;
            if (sent > 0) break;
            if (sent == SendFile.Unsupported)
            {
                sent = await CopyAsync(file, offset, length, cancellationToken);
                break;
            }

            _sinceYield = 0;
            await socket.WaitWritableAsync(cancellationToken);
        }

        if (sent == length) HoldBackPartialSegments(false);
        else await YieldWhenDueAsync(sent, cancellationToken);
        return sent;
    }

    /// <summary>Moves the next bytes of a source into the pipe. <see cref="Pending"/> is 0 before.</summary>
    /// <returns>The number of bytes; 0 where the next bytes have to be read and sent from memory.</returns>
    /// <inheritdoc cref="ISpliceSource.FillAsync"/>
    public async ValueTask<int> FillAsync(ISpliceSource source, long most, CancellationToken cancellationToken)
    {
        if (!source.CanFill || (_pipe ??= KernelPipe.TryCreate()) is not { } pipe) return 0;
        return Pending = await source.FillAsync(pipe.WriteEnd, (int)Math.Min(most, pipe.Capacity), cancellationToken);
    }

    /// <summary>Sends bytes from the pipe. <see cref="Pending"/> is at least 1 before.</summary>
    /// <returns>The number of bytes that were sent, at least 1.</returns>
    /// <inheritdoc cref="SendAsync"/>
    public async ValueTask<int> DrainAsync(CancellationToken cancellationToken)
    {
        var sent = await socket.DrainAsync(_pipe!.ReadEnd, Pending, cancellationToken);
        Pending -= sent;
        if (Pending == 0) await YieldWhenDueAsync(sent, cancellationToken);
        else _sinceYield = 0;
        return sent;
    }

    /// <summary>Sends all bytes of a buffer.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        socket.SendAsync(bytes, cancellationToken);

    public void Dispose()
    {
        HoldBackPartialSegments(false);
        _pipe?.Dispose();
    }

    private async ValueTask<int> CopyAsync(SafeFileHandle file, long offset, long length, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            // Synchronous: on Linux the framework's asynchronous read is this one on a thread of the pool.
            var read = RandomAccess.Read(file, piece.AsSpan(0, (int)Math.Min(length, CopyBytes)), offset);
            if (read == 0) throw BecameShorter();
            await socket.SendAsync(piece.AsMemory(0, read), cancellationToken);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private ValueTask YieldWhenDueAsync(int sent, CancellationToken cancellationToken)
    {
        _sinceYield += sent;
        if (_sinceYield < MaxPieceBytes) return default;
        _sinceYield = 0;
        return socket.YieldAsync(cancellationToken);
    }

    private void HoldBackPartialSegments(bool holds)
    {
        if (holds == _holdsBackPartialSegments) return;
        _holdsBackPartialSegments = holds;
        socket.HoldBackPartialSegments(holds);
    }
}
