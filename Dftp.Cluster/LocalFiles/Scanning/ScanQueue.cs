using System.Diagnostics.CodeAnalysis;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>The directories that the threads of one scan share out. The newest comes first, which keeps the queue short.</summary>
internal sealed class ScanQueue
{
    private readonly Stack<ScannedDirectory> _waiting = new();
    private int _unfinished;
    private bool _isStopped;

    /// <param name="holds">Pieces of work that will be finished and are not in the queue, such as finding the start.</param>
    public ScanQueue(int holds) => _unfinished = holds;

    public void Add(List<ScannedDirectory> directories)
    {
        if (directories.Count == 0) return;
        lock (_waiting)
        {
            foreach (var directory in directories) _waiting.Push(directory);
            _unfinished += directories.Count;
            Monitor.PulseAll(_waiting);
        }
    }

    /// <summary>Waits for a directory. The taker calls <see cref="Finish"/> after it added what it found below.</summary>
    /// <returns>False when all is done, or the queue was stopped.</returns>
    public bool TryTake([NotNullWhen(true)] out ScannedDirectory? directory)
    {
        lock (_waiting)
        {
            while (true)
            {
                directory = null;
                if (_isStopped) return false;
                if (_waiting.TryPop(out directory)) return true;
                if (_unfinished == 0) return false;
                Monitor.Wait(_waiting);
            }
        }
    }

    public void Finish()
    {
        lock (_waiting)
        {
            if (--_unfinished == 0) Monitor.PulseAll(_waiting);
        }
    }

    public void Stop()
    {
        lock (_waiting)
        {
            _isStopped = true;
            Monitor.PulseAll(_waiting);
        }
    }
}
