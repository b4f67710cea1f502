using System.IO.Pipelines;

namespace Dftp.Http.Text;

/// <summary>Writes text directly to a response's buffer and flushes it in blocks.</summary>
internal sealed class Utf8Output(PipeWriter writer)
{
    private const int BlockSize = 64 * 1024;

    private Memory<byte> _block = writer.GetMemory(BlockSize);
    private int _used;

    /// <summary>The free space for the next text.</summary>
    public Span<byte> Room => _block.Span[_used..];

    public bool HasRoom(int bytes) => _block.Length - _used >= bytes;

    /// <summary>Appends text that fits the free space.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room);
        Advance(text.Length);
    }

    public void Advance(int bytes) => _used += bytes;

    /// <summary>Flushes and makes room.</summary>
    /// <returns>False when the client has left.</returns>
    public async ValueTask<bool> MakeRoomAsync(int bytes, CancellationToken cancellationToken)
    {
        writer.Advance(_used);
        _used = 0;
        _block = default;
        var flushed = await writer.FlushAsync(cancellationToken);
        if (flushed.IsCompleted) return false;
        _block = writer.GetMemory(Math.Max(bytes, BlockSize));
        return true;
    }

    /// <summary>Leaves the rest to the server, which sends it at the response's end.</summary>
    public void Complete()
    {
        writer.Advance(_used);
        _used = 0;
        _block = default;
    }
}
