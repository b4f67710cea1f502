namespace Dftp.Ftp.Control;

/// <summary>
/// A queue of commands that arrived during a transfer. It is bounded by memory and not by number: ABOR is seen behind any sensible number
/// of commands, and a client cannot exhaust the node's memory. Not thread-safe.
/// </summary>
internal sealed class PendingCommands
{
    /// <summary>About 14,000 commands like NOOP, or 64 of the maximum length.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>An upper estimate of a queue slot and two string headers.</summary>
    private const int BytesPerLine = 64;

    private readonly Queue<ControlLine> _lines = new();
    private int _bytes;

    public bool IsEmpty => _lines.Count == 0;

    /// <returns>False when the line does not fit; it is not added then.</returns>
    public bool TryAdd(ControlLine line)
    {
        var bytes = BytesOf(line);
        if (_bytes + bytes > MaxBytes) return false;
        _bytes += bytes;
        _lines.Enqueue(line);
        return true;
    }

    public bool TryTake(out ControlLine line)
    {
        if (!_lines.TryDequeue(out line)) return false;
        _bytes -= BytesOf(line);
        return true;
    }

    /// <param name="verb">In capitals.</param>
    public bool Contains(string verb) => _lines.Any(line => line.Verb == verb);

    public void Clear()
    {
        _lines.Clear();
        _bytes = 0;
    }

    private static int BytesOf(ControlLine line) => BytesPerLine + sizeof(char) * (line.Verb.Length + line.Argument.Length);
}
