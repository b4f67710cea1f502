using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;

namespace Dftp.Ftp.Control;

/// <summary>
/// Splits the control connection into lines. A line ends with LF; a CR before it is removed (RFC 959 requires CRLF, humans type LF). Telnet
/// commands are removed everywhere (RFC 959, section 2.3: the control connection is a Telnet connection). Not thread-safe, except for
/// <see cref="Interrupt"/>.
/// </summary>
internal sealed class ControlReader(PipeReader input)
{
    /// <summary>Twice the room for a verb and the longest path.</summary>
    public const int MaxLineBytes = 8192;

    private volatile PipeReader _input = input;
    private byte[] _line = new byte[256];
    private int _length;
    private bool _tooLong;
    private Telnet _telnet;

    /// <summary>The state within a Telnet command (RFC 854).</summary>
    private enum Telnet
    {
        /// <summary>In text.</summary>
        Text,

        /// <summary>After IAC.</summary>
        Command,

        /// <summary>After IAC and WILL, WONT, DO or DONT: an option code follows.</summary>
        Option,
    }

    /// <summary>
    /// Makes the running read, or else the next one, return <see cref="ControlLineKind.Interrupted"/> or a line. Thread-safe.
    /// </summary>
    public void Interrupt() => _input.CancelPendingRead();

    /// <summary>Discards what has arrived and was not read, including the start of a line.</summary>
    public void DiscardUnread()
    {
        _length = 0;
        _tooLong = false;
        _telnet = Telnet.Text;
        while (_input.TryRead(out var result))
        {
            _input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }

    /// <summary>Continues with another input. Do not read meanwhile.</summary>
    public void SwitchTo(PipeReader other) => _input = other;

    public async ValueTask<ControlLine> ReadAsync()
    {
        var input = _input;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync();
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Kestrel reports a reset as the former, and its own abort as the latter.
                return new ControlLine(ControlLineKind.End);
            }

            var rest = result.Buffer;
            var isWhole = TakeLine(ref rest);
            input.AdvanceTo(rest.Start);
            if (isWhole) return FinishLine();
            if (result.IsCanceled) return new ControlLine(ControlLineKind.Interrupted);
            if (result.IsCompleted) return new ControlLine(ControlLineKind.End);
        }
    }

    /// <summary>Moves bytes into <see cref="_line"/>, up to the end of a line if there is one.</summary>
    private bool TakeLine(ref ReadOnlySequence<byte> bytes)
    {
        var taken = 0L;
        foreach (var segment in bytes)
        {
            foreach (var value in segment.Span)
            {
                taken++;
                if (!TakeByte(value)) continue;
                bytes = bytes.Slice(taken);
                return true;
            }
        }

        bytes = bytes.Slice(bytes.End);
        return false;
    }

    /// <returns>Whether the byte ends a line.</returns>
    private bool TakeByte(byte value)
    {
        const byte iac = 255, will = 251, dont = 254;
        switch (_telnet)
        {
            case Telnet.Text when value == iac:
                _telnet = Telnet.Command;
                return false;
            case Telnet.Text:
                if (value == '\n') return true;
                Append(value);
                return false;
            case Telnet.Command when value == iac:
                _telnet = Telnet.Text;
                Append(value);
                return false;
            case Telnet.Command:
                _telnet = value is >= will and <= dont ? Telnet.Option : Telnet.Text;
                return false;
            default:
                _telnet = Telnet.Text;
                return false;
        }
    }

    private void Append(byte value)
    {
        if (_length == MaxLineBytes)
        {
            _tooLong = true;
            return;
        }

        if (_length == _line.Length) Array.Resize(ref _line, _line.Length * 2);
        _line[_length++] = value;
    }

    private ControlLine FinishLine()
    {
        var line = _line.AsSpan(0, _length);
        var isTooLong = _tooLong;
        _length = 0;
        _tooLong = false;
        if (isTooLong) return new ControlLine(ControlLineKind.TooLong);
        if (line.EndsWith("\r"u8)) line = line[..^1];
        if (line.Contains((byte)0) || !Utf8.IsValid(line)) return new ControlLine(ControlLineKind.NotText);

        var space = line.IndexOf((byte)' ');
        var verb = space < 0 ? line : line[..space];
        var argument = space < 0 ? "" : Encoding.UTF8.GetString(line[(space + 1)..]);
        return new ControlLine(ControlLineKind.Command, Encoding.UTF8.GetString(verb).ToUpperInvariant(), argument);
    }
}
