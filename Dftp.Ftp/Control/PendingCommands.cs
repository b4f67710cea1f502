namespace Dftp.Ftp.Control;

/// <summary>
/// Commands that were read while a transfer ran and that wait for their turn. Bounded by memory, not by number, so that ABOR is seen behind
/// any sensible number of commands and a client cannot fill the memory of the node. Not thread-safe.
/// </summary>
internal sealed class PendingCommands
{
    /// <summary>Some 16,000 commands like NOOP, or 128 of the greatest length.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>A generous estimate for a queue's place and the headers of two strings.</summary>
    private const int BytesPerLine = 64;

    private readonly Queue<ControlLine> _lines = new();
    private int _bytes;

    public bool IsEmpty => _lines.Count == 0;

    /// <returns>False when the line does not fit; it is not kept then.</returns>
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
