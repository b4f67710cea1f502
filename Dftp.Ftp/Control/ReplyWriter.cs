using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Dftp.Ftp.Control;

/// <summary>
/// Writes replies, always as valid UTF-8 and without line breaks inside a line. Thread-safe, except for <see cref="SwitchTo"/>.
/// </summary>
internal sealed class ReplyWriter(PipeWriter output) : IDisposable
{
    private PipeWriter _output = output;

    /// <summary>A transfer can send 150 while the session answers STAT.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <returns>False when the client has disconnected.</returns>
    public async ValueTask<bool> WriteAsync(Reply reply)
    {
        await _turn.WaitAsync();
        try
        {
            Append(reply);
            var flushed = await _output.FlushAsync();
            return !flushed.IsCompleted;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes the first line of a long reply and then its body; the caller writes the last line.</summary>
    /// <param name="code">Three digits.</param>
    /// <param name="first">The text of the first line.</param>
    /// <param name="write">Writes whole lines, none of which may look like the last one.</param>
    public async ValueTask WriteBodyAsync(int code, string first, Func<ListingOutput, Task> write)
    {
        await _turn.WaitAsync();
        try
        {
            AppendLine(code, '-', first);
            await write(new ListingOutput(_output, FlushBodyAsync));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has disconnected or does not read; the session's next read or its clock notices.
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Continues with another output. Do not write meanwhile.</summary>
    public void SwitchTo(PipeWriter other) => _output = other;

    public void Dispose() => _turn.Dispose();

    private async ValueTask FlushBodyAsync(long bytes)
    {
        var flushed = await _output.FlushAsync();
        if (flushed.IsCompleted || flushed.IsCanceled) throw new OperationCanceledException("the client does not read the reply");
    }

    private void Append(Reply reply)
    {
        if (reply.First is not null) AppendLine(reply.Code, '-', reply.First);
        foreach (var line in reply.Lines) AppendText(" " + line);
        AppendLine(reply.Code, ' ', reply.Text);
    }

    private void AppendLine(int code, char mark, string text) =>
        AppendText(string.Create(CultureInfo.InvariantCulture, $"{code}{mark}{text}"));

    private void AppendText(string text)
    {
        var span = _output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + 2);
        var length = Encoding.UTF8.GetBytes(text, span);
        ControlBytes.Replace(span[..length]);
        "\r\n"u8.CopyTo(span[length..]);
        _output.Advance(length + 2);
    }
}
