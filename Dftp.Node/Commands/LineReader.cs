using System.Text;

namespace Dftp.Node.Commands;

/// <summary>Splits a list of paths into lines while it arrives, so that memory does not grow with its length.</summary>
internal sealed class LineReader(Stream body, NodeClient client)
{
    /// <summary>Many times the longest path of a tree. A response without a line end within this length is not a list of paths.</summary>
    private const int MaxLineBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[2 * MaxLineBytes];
    private int _length;
    private bool _isAtEnd;

    /// <summary>The lines of the last block read, each with a leading slash, without the empty ones.</summary>
    public List<string> Lines { get; } = [];

    /// <returns>False at the end.</returns>
    /// <exception cref="NoAnswerException">The list broke off, timed out, or is not a list of paths.</exception>
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
