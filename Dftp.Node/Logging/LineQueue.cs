using System.Collections.Concurrent;
using System.Text;

namespace Dftp.Node.Logging;

/// <summary>
/// Writes lines to a stream on a dedicated thread, so that a slow terminal or a full pipe does not block the node. When the queue
/// is full, lines are dropped, and their number is written once there is room again.
/// </summary>
internal sealed class LineQueue : IAsyncDisposable
{
    public const int Capacity = 8192;

    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<string> _lines = new(Capacity);
    private readonly Stream _stream;
    private readonly Func<long, string> _lossNotice;
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private long _lost;

    /// <param name="stream">The target, which the caller owns. The lines are UTF-8.</param>
    /// <param name="lossNotice">Makes the line that reports the number of dropped lines.</param>
    /// <param name="time">The clock for the final flush's timeout.</param>
    public LineQueue(Stream stream, Func<long, string> lossNotice, TimeProvider time)
    {
        _stream = stream;
        _lossNotice = lossNotice;
        _time = time;
        _writing = Task.Factory.StartNew(WriteLines, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Never waits. After the disposal lines are dropped.</summary>
    public void Add(string line)
    {
        try
        {
            if (!_lines.TryAdd(line)) Interlocked.Increment(ref _lost);
        }
        catch (InvalidOperationException)
        {
            // The queue was completed meanwhile: the line is dropped, as after a disposal.
        }
    }

    /// <summary>Writes the queued lines, but gives up after a second without progress.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.CompleteAdding();
        try
        {
            await _writing.WaitAsync(FlushLimit, _time);
            _lines.Dispose();
        }
        catch (TimeoutException)
        {
            // The thread hangs in a write: it is a background thread and ends with the process.
        }
    }

    private void WriteLines()
    {
        foreach (var line in _lines.GetConsumingEnumerable())
        {
            var lost = Interlocked.Exchange(ref _lost, 0);
            if (lost > 0) Write(_lossNotice(lost));
            Write(line);
        }

        if (_lost > 0) Write(_lossNotice(_lost));
    }

    private void Write(string line)
    {
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(line + '\n'));
            _stream.Flush();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // An error of the log cannot be logged; the node continues without its log.
        }
    }
}
