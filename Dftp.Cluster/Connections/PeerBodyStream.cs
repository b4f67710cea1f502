using System.Buffers.Text;
using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.Connections;

/// <summary>
/// The body of a response, received straight into the reader's memory. The connection is kept when all of the body was read. Disposing of
/// the stream earlier closes the connection, and ends a read that waits.
/// </summary>
internal sealed class PeerBodyStream : ForwardStream, ISpliceSource
{
    private const string MalformedChunk = "a chunk of the response is malformed";

    private readonly PeerConnectionPool? _pool;
    private PeerConnection? _connection;

    /// <summary>Bytes left of the body, or of the current chunk.</summary>
    private long _left;

    /// <summary>The size of a chunk follows when the current one was read.</summary>
    private bool _hasChunks;

    private bool _isFirstChunk = true;
    private readonly bool _hasLength;

    /// <param name="connection">Owned by the stream.</param>
    /// <param name="head">Its framing decides where the body ends (RFC 9112, section 6.3). Not of a response to HEAD.</param>
    /// <param name="pool">The pool that gets the connection after the body unless the peer closes it; null: none.</param>
    public PeerBodyStream(PeerConnection connection, in PeerResponseHead head, PeerConnectionPool? pool)
    {
        _connection = connection;
        _hasChunks = head.IsChunked;
        _hasLength = head.ContentLength is not null;
        _left = head.IsChunked ? 0 : head.ContentLength ?? long.MaxValue;
        _pool = head.Closes ? null : pool;
        if (IsAtEnd) Release();
    }

    /// <summary>Whether the body has not ended yet. After a read of 0 bytes: whether it was cut off.</summary>
    public bool IsIncomplete => _hasChunks || (_hasLength && _left > 0);

    private bool IsAtEnd => _left == 0 && !_hasChunks;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsAtEnd || buffer.IsEmpty) return new(0);
        var connection = _connection;
        ObjectDisposedException.ThrowIf(connection is null, this);
        if (_left == 0) return ReadNextChunkAsync(connection, buffer, cancellationToken);
        var reading = connection.ReadAsync(buffer.Length > _left ? buffer[..(int)_left] : buffer, cancellationToken);
        return reading.IsCompletedSuccessfully ? new(Count(reading.Result)) : CountAsync(reading);
    }

    /// <summary>Whether the next bytes can be moved by the kernel.</summary>
    public bool CanFill => LoopSocket.IsAvailable && _left > 0 && _connection is { Buffered: 0, Certificate: null };

    /// <summary>Moves bytes into a pipe.</summary>
    /// <returns>0 when the peer has closed the connection.</returns>
    /// <exception cref="IOException">The connection broke off or was closed.</exception>
    public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        var connection = _connection;
        ObjectDisposedException.ThrowIf(connection is null, this);
        return CountAsync(connection.FillAsync(pipe, (int)Math.Min(most, _left), cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Interlocked.Exchange(ref _connection, null)?.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> CountAsync(ValueTask<int> reading) => Count(await reading);

    private int Count(int count)
    {
        // Closed before its end: the reader sees fewer bytes than the head promised.
        if (count == 0) Dispose();
        _left -= count;
        if (IsAtEnd) Release();
        return count;
    }

    private async ValueTask<int> ReadNextChunkAsync(PeerConnection connection, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // 1. The line end after the data of the chunk before.
        if (!_isFirstChunk && !(await connection.ReadLineAsync(cancellationToken)).IsEmpty) throw new IOException(MalformedChunk);
        _isFirstChunk = false;

        // 2. The size.
        if (!TryParseSize((await connection.ReadLineAsync(cancellationToken)).Span, out _left)) throw new IOException(MalformedChunk);
        if (_left > 0) return await ReadAsync(buffer, cancellationToken);

        // 3. After the last chunk, the trailer fields, which are skipped.
        for (var (bytes, line) = (0, 1); line > 0; bytes += line)
        {
            if (bytes > PeerResponseHead.MaxBytes) throw new IOException("the trailer of the response is too long");
            line = (await connection.ReadLineAsync(cancellationToken)).Length;
        }

        _hasChunks = false;
        Release();
        return 0;
    }

    /// <summary>Reads the size of a chunk (RFC 9112, section 7.1); extensions after it are ignored.</summary>
    private static bool TryParseSize(ReadOnlySpan<byte> line, out long size)
    {
        size = 0;
        if (line.ContainsAny((byte)'\r', (byte)'\n', (byte)0)) return false;
        var semicolon = line.IndexOf((byte)';');
        var digits = semicolon < 0 ? line : line[..semicolon].TrimEnd(" \t"u8);
        return Utf8Parser.TryParse(digits, out size, out var used, 'x') && used == digits.Length && size >= 0;
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _connection, null) is not { } connection) return;
        // Bytes beyond the body belong to no response.
        if (_pool is not null && connection.Buffered == 0) _pool.Return(connection);
        else connection.Dispose();
    }
}
