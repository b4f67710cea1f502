using System.Text;

namespace Dftp.Node.Commands;

/// <summary>Takes a list of paths apart as it comes in, a piece at a time, whatever its length.</summary>
internal sealed class LineReader(Stream body, NodeClient client)
{
    /// <summary>Many times the longest path of a tree. A response without a line end within this length is not a list of paths.</summary>
    private const int MaxLineBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[2 * MaxLineBytes];
    private int _length;
    private bool _isAtEnd;

    /// <summary>The lines of the piece that was read last, each with a slash before it; empty ones are left out.</summary>
    public List<string> Lines { get; } = [];

    /// <returns>Whether there was more.</returns>
    /// <exception cref="NoAnswerException">It broke off, does not go on in time, or is no list of paths.</exception>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        Lines.Clear();
        if (_isAtEnd) return false;
        var read = await client.ReadAsync(body, _buffer.AsMemory(_length), cancellationToken);
        _isAtEnd = read == 0;
        _length += read;
        var end = _isAtEnd ? _length : _buffer.AsSpan(0, _length).LastIndexOf((byte)'\n') + 1;
        foreach (var range in _buffer.AsSpan(0, end).Split((byte)'\n')) Add(_buffer.AsSpan(0, end)[range]);
        _buffer.AsSpan(end, _length - end).CopyTo(_buffer);
        _length -= end;
        return _length <= MaxLineBytes ? true : throw new NoAnswerException("what comes is no list of paths");
    }

    // A legacy node ends its lines with CR and LF.
    private void Add(ReadOnlySpan<byte> line)
    {
        var path = Encoding.UTF8.GetString(line.TrimEnd((byte)'\r'));
        if (path.Length > 0) Lines.Add(path[0] == '/' ? path : "/" + path);
    }
}
