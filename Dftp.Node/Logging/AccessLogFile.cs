using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Node.Logging;

/// <summary>
/// The access log: lines appended to a file, or to standard output. A dedicated thread writes them in batches, so that no request
/// waits for a disk. When the queue is full, lines are dropped and counted. After a rotation by renaming, the file is reopened
/// within a second, or at once by <see cref="Reopen"/>; a truncated file is continued from its new end.
/// </summary>
internal sealed partial class AccessLogFile : IAsyncDisposable
{
    /// <summary>About one second at 60,000 requests per second.</summary>
    private const int Capacity = 64 * 1024;

    /// <summary>The limit of all queued lines together, in chars, for clients that cause long lines.</summary>
    private const long CharCapacity = 16L * 1024 * 1024;

    private const int BatchBytes = 256 * 1024;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<string> _lines = new(Capacity);
    private readonly MemoryStream _batch = new(BatchBytes);
    private readonly string? _path;
    private readonly Stream? _stream;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _writing;
    private SafeFileHandle? _file;
    private long _lookedAt;
    private long? _warnedAt;
    private long _toldLost;
    private long _lost;
    private long _queuedChars;
    private volatile bool _isToReopen;

    private AccessLogFile(string? path, SafeFileHandle? file, Stream? stream, TimeProvider time, ILogger log)
    {
        (_path, _file, _stream, _time, _log) = (path, file, stream, time, log);
        _lookedAt = time.GetTimestamp();
        _writing = Task.Factory.StartNew(WriteLines, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The number of dropped lines.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Logs to a file, which is created if it does not exist.</summary>
    /// <exception cref="StartException">The file cannot be opened.</exception>
    public static AccessLogFile Open(string path, TimeProvider time, ILogger log)
    {
        try
        {
            return new AccessLogFile(path, OpenFile(path), null, time, log);
        }
        catch (Exception failure) when (IsOfDisk(failure))
        {
            throw new StartException($"--access-log: {path}: {Reason(path, failure)}", failure);
        }
    }

    /// <summary>Logs to a stream, which the caller owns.</summary>
    public static AccessLogFile Over(Stream stream, TimeProvider time, ILogger log) => new(null, null, stream, time, log);

    /// <summary>Never waits. After the disposal lines are dropped.</summary>
    public void Add(string line)
    {
        try
        {
            if (Interlocked.Add(ref _queuedChars, line.Length) <= CharCapacity && _lines.TryAdd(line)) return;
        }
        catch (InvalidOperationException)
        {
            // The queue was completed meanwhile: the line is dropped.
        }

        Interlocked.Add(ref _queuedChars, -line.Length);
        Interlocked.Increment(ref _lost);
    }

    /// <summary>Reopens the file before the next line, for a program that rotates it.</summary>
    public void Reopen() => _isToReopen = true;

    /// <summary>Writes the queued lines, but gives up after a second without progress.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.CompleteAdding();
        try
        {
            await _writing.WaitAsync(FlushLimit, _time);
            _lines.Dispose();
            _file?.Dispose();
        }
        catch (TimeoutException)
        {
            // The thread hangs in a write: it is a background thread and ends with the process.
        }
    }

    private static SafeFileHandle OpenFile(string path) =>
        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private void WriteLines()
    {
        while (!_lines.IsCompleted)
        {
            var count = Gather();
            if (count == 0) continue;
            try
            {
                if (_path is not null) FollowFile(_path);
                Write(_batch.GetBuffer().AsSpan(0, (int)_batch.Length));
            }
            catch (Exception failure) when (IsOfDisk(failure))
            {
                Interlocked.Add(ref _lost, count);
                Warn(failure.Message);
            }

            if (Lost > _toldLost) Warn("requests come faster than lines can be written");
        }
    }

    /// <summary>Waits for a line and takes all queued lines.</summary>
    /// <returns>The number of lines.</returns>
    private int Gather()
    {
        _batch.SetLength(0);
        var count = 0;
        if (!_lines.TryTake(out var line, Timeout.Infinite)) return 0;
        do
        {
            Interlocked.Add(ref _queuedChars, -line.Length);
            _batch.Write(Encoding.UTF8.GetBytes(line));
            _batch.WriteByte((byte)'\n');
            count++;
        }
        while (_batch.Length < BatchBytes && _lines.TryTake(out line));
        return count;
    }

    /// <summary>A differing length shows that another file has replaced the open one.</summary>
    private void FollowFile(string path)
    {
        var isMoved = false;
        if (_time.GetElapsedTime(_lookedAt) >= LookInterval)
        {
            _lookedAt = _time.GetTimestamp();
            var now = new FileInfo(path);
            isMoved = _file is not null && Length(_file) is { } length && (!now.Exists || now.Length != length);
        }

        if (!_isToReopen && !isMoved && _file is not null) return;
        _isToReopen = false;
        _file?.Dispose();
        _file = null;
        _file = OpenFile(path);
    }

    /// <returns>Null for a pipe or a terminal.</returns>
    private static long? Length(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        if (_file is { } file)
        {
            // The file's current end, not the remembered one: the file may have been copied and truncated.
            RandomAccess.Write(file, lines, Length(file) ?? 0);
            return;
        }

        _stream!.Write(lines);
        _stream.Flush();
    }

    private void Warn(string reason)
    {
        if (_warnedAt is { } last && _time.GetElapsedTime(last) < WarningInterval) return;
        _warnedAt = _time.GetTimestamp();
        _toldLost = Lost;
        LogLost(_log, _toldLost, reason);
    }

    private static bool IsOfDisk(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ObjectDisposedException or NotSupportedException;

    private static string Reason(string path, Exception failure) => failure switch
    {
        _ when Directory.Exists(path) => "is a directory",
        DirectoryNotFoundException => "its directory does not exist",
        UnauthorizedAccessException => "no permission to write it",
        _ => failure.Message,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Lost} line(s) of the access log lost so far: {Reason}")]
    private static partial void LogLost(ILogger log, long lost, string reason);
}
